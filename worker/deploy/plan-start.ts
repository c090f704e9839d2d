import path from 'node:path';
import type { Release } from '../../src/core/deployment.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { latchArchive, LATCH_FOLDER } from './latch/latch.ts';

/** How a candidate's container is started (docs/decisions/0016-held-start.md). */
export type StartPlan =
  /** Before the verdict, with the latch, which becomes the app when it is let go. */
  | {
      readonly kind: 'held';
      /** The words of the app's process: its program first. */
      readonly words: readonly string[];
      readonly latch: Buffer;
    }
  /** After the verdict, as it is. */
  | { readonly kind: 'plain'; readonly because: string }
  /** Not at all: there is nothing to start. */
  | { readonly kind: 'impossible'; readonly because: string };

export interface StartFacts {
  /** Null when the engine has it no longer, which it says when it is to make a container of it. */
  readonly image: Pick<ImageFacts, 'entrypoint' | 'command' | 'healthcheck'> | null;
  readonly settings: Pick<Release['settings'], 'command' | 'volumes'>;
  /** The engine's word for its processor. */
  readonly architecture: string;
  /** Whether the build's verdict is there: then there is nothing to wait for. */
  readonly decided: boolean;
}

/** Chooses how a container is started; held wherever nothing of the image can run before the verdict. */
export function planStart({ image, settings, architecture, decided }: StartFacts): StartPlan {
  const plain = (because: string): StartPlan => ({ kind: 'plain', because });
  if (image === null) return plain('the image is gone');
  const words = [...image.entrypoint, ...(settings.command.length > 0 ? settings.command : image.command)];
  if (words.length === 0)
    return {
      kind: 'impossible',
      because: 'the image names no program: give it an ENTRYPOINT or CMD, or the deployment a `command`',
    };
  if (decided) return plain('the verdict is there');
  if (image.healthcheck !== null)
    return plain('the image has a HEALTHCHECK, which the engine would run before the verdict');
  const covering = settings.volumes.find((volume) => isAtLatch(volume.path));
  if (covering !== undefined) return plain(`the volume ${covering.name} is mounted where the latch would be`);
  const latch = latchArchive(architecture);
  if (latch === null) return plain(`there is no latch for ${architecture}`);
  return { kind: 'held', words, latch };
}

function isAtLatch(mounted: string): boolean {
  const place = path.posix.normalize(`${mounted}/`);
  return place.startsWith(`${LATCH_FOLDER}/`);
}
