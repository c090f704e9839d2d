import { GitError } from 'simple-git';
import { Problem } from '../core/problem.ts';
import type { Base, Changes } from '../ports/repositories.ts';
import { localGit } from './local-git.ts';
import type { Mirror } from './mirror.ts';

/** Names beyond this are not read. */
const OUTPUT_BYTES = 8 * 1024 * 1024;

/**
 * The paths that differ between a base and a commit. Renames are not looked for: a renamed file is one that went and
 * one that came, so both names count.
 * @param from The base's commit, or tree, in the mirror.
 */
export async function compare(mirror: Mirror, base: Base, from: string, commit: string): Promise<Changes> {
  const enough = new AbortController();
  const signals = mirror.signal === undefined ? [] : [mirror.signal];
  const git = localGit(mirror.gitDir, AbortSignal.any([enough.signal, ...signals]));
  let bytes = 0;
  git.outputHandler((_command, stdout) => {
    stdout.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > OUTPUT_BYTES) enough.abort();
    });
  });
  const options = ['--name-only', '-z', '--no-renames', '--no-ext-diff', '--no-color'];
  try {
    const names = await git.raw(['diff', ...options, ...rangeOf(base, from, commit), '--']);
    const paths = names.split('\0').filter(Boolean).sort();
    return paths.length > mirror.mostPaths
      ? { kind: 'unknown', cause: `more than ${mirror.mostPaths} files changed` }
      : { kind: 'known', paths };
  } catch (error) {
    mirror.signal?.throwIfAborted();
    if (enough.signal.aborted)
      return { kind: 'unknown', cause: `the names of the changed files are more than ${OUTPUT_BYTES} bytes` };
    const cause = error instanceof GitError ? error.message.trim() : String(error);
    if (/no merge base/.test(cause))
      return { kind: 'unknown', cause: `${commit.slice(0, 10)} and ${nameOf(base)} have no common ancestor` };
    throw new Problem('git_failed', { command: 'diff', cause }, { cause: error });
  }
}

function rangeOf(base: Base, from: string, commit: string): readonly string[] {
  return base.kind === 'branch' ? [`${from}...${commit}`] : [from, commit];
}

/** A base, as a sentence names it. */
export function nameOf(base: Base): string {
  switch (base.kind) {
    case 'nothing':
      return 'an empty repository';
    case 'commit':
      return `the commit before the push, ${base.commit.slice(0, 10)},`;
    case 'branch':
      return `the branch ${base.branch}`;
  }
}
