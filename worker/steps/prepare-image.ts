import { registryHost } from '../../src/core/image-name.ts';
import type { LeaseSecrets } from '../../src/core/work.ts';
import { EngineLost, refusalText } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { badOutcome, type BadOutcome } from '../outcome.ts';

export type PreparedImage =
  | { readonly facts: ImageFacts; readonly pulled: readonly string[] }
  /** Why there is none; `pulled` is what the engine said of the pull. */
  | { readonly end: BadOutcome; readonly pulled: readonly string[] };

/**
 * What the engine knows of an image, pulled when it has none of that name, or in any case.
 * @throws EngineLost when the engine is away.
 */
export async function prepareImage(
  engine: Pick<Engine, 'inspectImage' | 'pullImage'>,
  reference: string,
  registries: LeaseSecrets['registries'],
  signal: AbortSignal,
  { always = false }: { readonly always?: boolean } = {},
): Promise<PreparedImage> {
  const there = always ? null : await engine.inspectImage(reference);
  if (there !== null) return { facts: there, pulled: [] };
  const pulled: string[] = [];
  for (let pulls = 0; pulls < MOST_PULLS; pulls++) {
    try {
      const login = registries[registryHost(reference)] ?? null;
      await engine.pullImage(withTag(reference), login, (line) => pulled.push(line), signal);
    } catch (error) {
      if (error instanceof EngineLost) throw error;
      return { end: badOutcome('image_unavailable', { reference, cause: refusalText(error) }), pulled };
    }
    const facts = await engine.inspectImage(reference);
    if (facts !== null) return { facts, pulled };
  }
  return { end: badOutcome('image_vanished', { reference }), pulled };
}

/**
 * An engine that removes the last name of an image while the same image is pulled, as a workflow does that has built and
 * pushed what the next one runs in, says that it is pulled, and then it is gone (seen with Engine 20.10).
 */
const MOST_PULLS = 3;

/** The engine pulls every tag of a name that has none. */
function withTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(last) ? reference : `${reference}:latest`;
}
