import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { askGit, askGitFor, findRepository } from '../../../worker/local/persons-repository.ts';
import type { WorkingTree } from '../../../worker/local/copy-working-tree.ts';
import { UsageError, WrongValue } from '../call-server.ts';

export interface CheckedOut {
  readonly tree: WorkingTree;
  /** The repository that the commit was taken from: a folder or an address. */
  readonly from: string;
  readonly remove: () => Promise<void>;
}

/**
 * A commit in a folder of its own: of the repository that `folder` lies in, where that has it, else fetched with this
 * person's own access. Nothing of the person's repository is changed.
 * @throws Problem `git_failed`, UsageError for an address that git would run a program of, the signal's reason.
 */
export async function checkOutCommit(
  { url, commit }: { readonly url: string; readonly commit: string },
  folder: string,
  signal: AbortSignal,
): Promise<CheckedOut> {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new UsageError('the server named a commit that is none');
  const own = await findRepository(folder);
  const hasIt = own !== null && (await askGitFor(own, ['cat-file', '-t', commit])) === 'commit';
  const root = await mkdtemp(path.join(tmpdir(), 'slipway-replay-'));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    if (hasIt) await askGit(own, [...QUIETLY, 'clone', '--quiet', '--no-checkout', '--', own, root], signal);
    else await fetchCommit(root, demandRemote(url), commit, signal);
    await askGit(root, [...QUIETLY, 'checkout', '--quiet', '--detach', commit], signal);
    return { tree: { root, isRepository: true, originUrl: url }, from: hasIt ? own : url, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** No hook of the person's runs. */
const QUIETLY = ['-c', 'core.hooksPath=/dev/null'];

async function fetchCommit(root: string, url: string, commit: string, signal: AbortSignal): Promise<void> {
  await askGit(root, [...QUIETLY, 'clone', '--quiet', '--no-checkout', '--', url, root], signal);
  // A commit that no branch has any more can often still be had by its name.
  if ((await askGitFor(root, ['cat-file', '-t', commit])) !== 'commit')
    await askGit(root, ['fetch', '--quiet', '--no-tags', 'origin', commit], signal);
}

/** git's `ext::` and the like run programs. */
function demandRemote(url: string): string {
  if (/^(?:https?|ssh|git):\/\/[^-]/.test(url) || /^[\w.-]+@[\w.-]+:[^-]/.test(url)) return url;
  throw new WrongValue('this folder does not have the commit; run it in a clone of the project that has');
}
