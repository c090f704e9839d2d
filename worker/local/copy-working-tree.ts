import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import { runGit } from '../../src/git/run-git.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, type Outcome } from '../outcome.ts';

export interface WorkingTree {
  /** Absolute path of the repository's top folder, or of any folder. */
  readonly root: string;
  /** False: a folder that git knows nothing of; all of it is taken. */
  readonly isRepository: boolean;
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

const GIT_MS = 10 * 60_000;
const COPIES_AT_ONCE = 32;

/**
 * Copies a working tree as it is now: what is committed, changed and new, but not what git ignores, with a `.git` of its
 * own, so that steps see what they would see in a checkout, and nothing that they do comes back.
 */
export async function copyWorkingTree({ tree, directory, log, signal }: CopyWorkingTree): Promise<Outcome> {
  const startedAt = performance.now();
  const { root, isRepository, originUrl } = tree;
  const git = async (args: readonly string[]): Promise<Buffer> => {
    const result = await runGit(args, { timeoutMs: GIT_MS, signal, local: true });
    signal.throwIfAborted();
    if (result.exitCode === 0) return result.stdout;
    const command = args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? 'git';
    throw new Problem('git_failed', { command, cause: result.stderr.trim() || result.ended });
  };
  try {
    if (isRepository) {
      await git(['clone', '--quiet', '--no-checkout', '--local', '--', root, directory]);
      if (originUrl !== null) await git(['-C', directory, 'remote', 'set-url', 'origin', originUrl]);
      // A repository without a commit has no tree to read.
      await git(['-C', directory, 'read-tree', 'HEAD']).catch(unlessAborted(signal));
    }
    const names = isRepository ? await listFiles(root, git) : await listFolder(root);
    const skipped = await copyFiles(names, { root, directory, signal });
    for (const folder of skipped)
      await log.say(`${folder} is a repository of its own (a submodule): it is empty here, as on a worker.`);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    await log.say(`Copied ${names.length - skipped.length} files of ${root} in ${seconds} s.`);
    return { status: 'success', reason: null, exitCode: null };
  } catch (error) {
    if (signal.aborted) return abortOutcome(signal);
    if (!(error instanceof Problem)) throw error;
    return { status: 'error', reason: error.message, exitCode: null };
  }
}

function unlessAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (signal.aborted || !(error instanceof Problem)) throw error;
  };
}

/** Tracked files and new ones that nothing ignores. */
async function listFiles(root: string, git: (args: readonly string[]) => Promise<Buffer>): Promise<string[]> {
  const what = ['--cached', '--others', '--exclude-standard', '--deduplicate'];
  const listed = await git(['-C', root, 'ls-files', '-z', ...what]);
  // Names are bytes to git, and to Linux: as Latin-1 each byte is a character, and comes back as it was.
  return listed
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '');
}

async function listFolder(root: string): Promise<string[]> {
  const entries = await readdir(Buffer.from(root), {
    withFileTypes: true,
    recursive: false,
    encoding: 'buffer',
  });
  const names: string[] = [];
  const walk = async (folder: string, found: typeof entries): Promise<void> => {
    for (const entry of found) {
      const name = `${folder}${entry.name.toString('latin1')}`;
      if (!entry.isDirectory()) names.push(name);
      else
        await walk(
          `${name}/`,
          await readdir(pathOf(root, name), { withFileTypes: true, encoding: 'buffer' }),
        );
    }
  };
  await walk('', entries);
  return names;
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
    const facts = await lstat(from).catch(() => null);
    if (facts === null) return; // deleted, and not committed yet
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
      await copy(name);
    }
  };
  await Promise.all(Array.from({ length: COPIES_AT_ONCE }, copyNext));
  return folders;
}

function pathOf(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}
