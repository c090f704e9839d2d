import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, outcomeOfProblem, type Outcome } from '../outcome.ts';
import { listFiles, pathOf, unlessGone, type FilesOf } from './list-files.ts';
import { askGit } from './persons-repository.ts';

export interface WorkingTree extends FilesOf {
  /** Address of `origin`, without credentials; null for none. */
  readonly originUrl: string | null;
}

interface CopyWorkingTree {
  readonly tree: WorkingTree;
  /** Where the files go: a missing directory. */
  readonly directory: string;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

const COPIES_AT_ONCE = 32;

/**
 * Copies a working tree as it is now: what is committed, changed and new, but not what git ignores, with a `.git` of its
 * own, so that steps see what they would see in a checkout, and nothing that they do comes back.
 */
export async function copyWorkingTree(copy: CopyWorkingTree): Promise<Outcome> {
  const { tree, directory, log, signal } = copy;
  const startedAt = performance.now();
  try {
    if (tree.isRepository) await copyRepository(copy);
    const names = await listFiles(tree, signal);
    const skipped = await copyFiles(names, { root: tree.root, directory, signal });
    for (const folder of skipped)
      await log.say(`${folder} is a repository of its own (a submodule): it is empty here, as on a worker.`);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    await log.say(`Copied ${names.length - skipped.length} files of ${tree.root} in ${seconds} s.`);
    return { status: 'success', reason: null, exitCode: null };
  } catch (error) {
    if (signal.aborted) return abortOutcome(signal);
    if (!(error instanceof Problem)) throw error;
    return outcomeOfProblem(error);
  }
}

/** Its objects are linked where that is possible, which `--local` would insist on; no hook of the person's runs. */
async function copyRepository({ tree, directory, signal }: CopyWorkingTree): Promise<void> {
  const { root, originUrl } = tree;
  const quietly = ['-c', 'core.hooksPath=/dev/null', 'clone', '--quiet', '--no-checkout'];
  await askGit(root, [...quietly, '--', root, directory], signal);
  await askGit(
    directory,
    originUrl === null ? ['remote', 'remove', 'origin'] : ['remote', 'set-url', 'origin', originUrl],
    signal,
  );
  // A repository without a commit has no tree to read.
  await askGit(directory, ['read-tree', 'HEAD'], signal).catch((error: unknown) => {
    if (signal.aborted || !(error instanceof Problem)) throw error;
  });
}

/** Copies what is there of `names`; gives those that are folders. */
async function copyFiles(
  names: readonly string[],
  { root, directory, signal }: { root: string; directory: string; signal: AbortSignal },
): Promise<readonly string[]> {
  const folders: string[] = [];
  const left = names.values();
  const known = new Set<string>();
  const copy = async (name: string): Promise<void> => {
    const [from, to] = [pathOf(root, name), pathOf(directory, name)];
    const facts = await lstat(from);
    if (facts.isDirectory()) {
      folders.push(Buffer.from(name, 'latin1').toString().replace(/\/$/, ''));
      await mkdir(to, { recursive: true });
      return;
    }
    const folder = path.posix.dirname(name);
    if (!known.has(folder)) await mkdir(pathOf(directory, folder), { recursive: true });
    known.add(folder);
    if (facts.isSymbolicLink()) await symlink(await readlink(from, { encoding: 'buffer' }), to);
    else if (facts.isFile()) await copyFile(from, to, constants.COPYFILE_FICLONE);
  };
  const copyNext = async (): Promise<void> => {
    for (const name of left) {
      signal.throwIfAborted();
      await copy(name).catch(unlessGone);
    }
  };
  // All of them: nothing may be written any more when the folder is removed.
  const ends = await Promise.allSettled(Array.from({ length: COPIES_AT_ONCE }, copyNext));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return folders;
}
