import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { TidyOutcome } from '../ports/repositories.ts';
import { keepCommits } from './kept-refs.ts';
import { removeLeftovers } from './leftovers.ts';
import { failed, isRepository, type Clutter, type Mirror } from './mirror.ts';
import { runGit } from './run-git.ts';

/** A kill leaves files; what is as old as this is nobody's work any more. */
const LEFTOVER_MS = 60 * 60_000;
const GC_MS = 30 * 60_000;

/**
 * `git gc` takes one processor and little memory, leaves packs of more than 256 MiB as they are, and keeps what it
 * finds unreachable in one pack until that is old. Killed at any moment it has lost nothing: the new pack is in its
 * place before the old ones go.
 */
const GC_SETTINGS = {
  'pack.threads': '1',
  'pack.windowMemory': '64m',
  'pack.deltaCacheSize': '64m',
  'gc.bigPackThreshold': '256m',
  'gc.cruftPacks': 'true',
  'repack.writeBitmaps': 'false',
};

/** See `Mirrors.tidy`. `last`: the clutter that the last one left. Nothing else may work in the mirror meanwhile. */
export async function tidyMirror(
  mirror: Mirror,
  needed: () => Promise<ReadonlySet<string>>,
  last: Clutter,
): Promise<TidyOutcome> {
  const { gitDir, signal } = mirror;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) return 'gave way';
  if (!(await isRepository(gitDir)) || !isUntidy(mirror, await clutterOf(gitDir), last))
    return 'tidy already';
  await removeLeftovers(gitDir, LEFTOVER_MS);
  if (!(await hasRoom(gitDir))) return 'no room';
  await keepCommits(mirror, await needed());
  if (isAborted()) return 'gave way';
  const result = await runGit(['gc', '--quiet', `--prune=${mirror.pruneExpire}`], {
    gitDir,
    settings: GC_SETTINGS,
    timeoutMs: GC_MS,
    lowPriority: true,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode === 0) return 'tidied';
  await removeLeftovers(gitDir, 0);
  if (result.ended === 'aborted') return 'gave way';
  throw failed('gc', result);
}

export async function clutterOf(gitDir: string): Promise<Clutter> {
  const list = (folder: string): Promise<string[]> =>
    readdir(path.join(gitDir, 'objects', folder)).catch(() => []);
  const packs = (await list('pack')).filter((name) => name.endsWith('.pack')).length;
  return { packs, looseObjects: (await list('17')).length * 256 };
}

function isUntidy({ tidyBeyond }: Mirror, now: Clutter, last: Clutter): boolean {
  return (
    now.packs > last.packs + tidyBeyond.packs ||
    now.looseObjects > last.looseObjects + tidyBeyond.looseObjects
  );
}

/** A repack needs the size of the packs once more. */
async function hasRoom(gitDir: string): Promise<boolean> {
  const folder = path.join(gitDir, 'objects/pack');
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name)).catch(() => null)));
  const used = sizes.reduce((sum, entry) => sum + (entry?.size ?? 0), 0);
  const { bavail, bsize } = await statfs(gitDir);
  return bavail * bsize > 2 * used;
}
