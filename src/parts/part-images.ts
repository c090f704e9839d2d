import { docker } from './docker.ts';
import type { ProgramName } from './needed-programs.ts';
import type { PartImage } from './part.ts';

/** Programs that an image can stand in for. */
export const IMAGE_PARTS = [
  'redis',
  'registry',
  'haproxy',
  'busybox',
] as const satisfies readonly ProgramName[];

export type ImagePart = (typeof IMAGE_PARTS)[number];

/** What the choice between apt and images looks at. */
export interface Means {
  /** Whether apt may bring what is missing. */
  readonly apt: boolean;
  /** As DOCKER_HOST, or null: it will be one of our own. */
  readonly engine: string | null;
}

/**
 * Which of the missing programs come from images. None where apt may bring them: it has to run anyway on a fresh
 * machine, the system keeps its packages up to date, and a router or a registry of the system does not end with the
 * engine. None where something else is missing too: one command then brings it all. None on an engine that is not of
 * this machine: its parts would not be either.
 */
export function chooseImages(missing: readonly ProgramName[], { apt, engine }: Means): readonly ImagePart[] {
  const isOfThisMachine = engine === null || engine.startsWith('unix:');
  const chosen = missing.filter(isImagePart);
  return apt || !isOfThisMachine || chosen.length < missing.length ? [] : chosen;
}

/** Sees to it that the engine has the image. Returns why it cannot have it, a sentence; null: it has it. */
export async function fetchImage(
  { dockerHost, name }: PartImage,
  say: (sentence: string) => void,
): Promise<string | null> {
  try {
    const options = await docker(dockerHost, ['info', '--format', '{{json .SecurityOptions}}']);
    if (options.includes('name=rootless'))
      return `the engine at ${dockerHost} is rootless: what runs in it does not listen on this machine`;
    const isThere = await docker(dockerHost, ['image', 'inspect', name]).then(
      () => true,
      () => false,
    );
    if (isThere) return null;
    say(`pulling ${name}`);
    await docker(dockerHost, ['pull', '--quiet', name], { timeoutMs: PULL_MS });
    return null;
  } catch (error) {
    return `${name} cannot be pulled: ${(error as Error).message}`;
  }
}

/** The largest of them has 40 MB. */
const PULL_MS = 10 * 60_000;

const isImagePart = (name: ProgramName): name is ImagePart => IMAGE_PARTS.some((part) => part === name);
