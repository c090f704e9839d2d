import { Problem } from '../../src/core/problem.ts';
import { runGit } from '../../src/git/run-git.ts';

const GIT_MS = 10 * 60_000;

/**
 * Runs git in `folder` as the person would; gives its output. @throws Problem `git_failed` with git's words, `part_missing`,
 * or the signal's reason.
 */
export async function askGit(
  folder: string,
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Buffer> {
  const result = await runGit(['-C', folder, ...args], { timeoutMs: GIT_MS, signal, asPerson: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw new Problem('part_missing', { part: 'git', command: 'apt-get install git' });
    },
  );
  signal.throwIfAborted();
  if (result.exitCode === 0) return result.stdout;
  const command = args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? 'git';
  throw new Problem('git_failed', { command, cause: result.stderr.trim() || result.ended });
}

/** The same as text without its last line break; null when git says no, or nothing. */
export async function askGitFor(folder: string, args: readonly string[]): Promise<string | null> {
  const said = await askGit(folder, args).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'git_failed') return Buffer.alloc(0);
    throw error;
  });
  const text = said.toString('utf8').replace(/\n$/, '');
  return text === '' ? null : text;
}

/**
 * The top folder of the repository that `folder` lies in; null where there is none. A repository that git does not let
 * this person use is none of that.
 * @throws Problem `git_failed` with git's words, which say what to do.
 */
export async function findRepository(folder: string): Promise<string | null> {
  try {
    return (await askGit(folder, ['rev-parse', '--show-toplevel'])).toString('utf8').replace(/\n$/, '');
  } catch (error) {
    if (error instanceof Problem && String(error.details['cause']).startsWith(NONE)) return null;
    throw error;
  }
}

/** Where a folder above has a `.git` that is no repository, git says it otherwise. */
const NONE = 'fatal: not a git repository (or any';
