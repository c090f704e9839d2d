import path from 'node:path';
import type { RepositoryEvent } from '../../core/event.ts';
import { askGitFor, findRepository } from '../../../worker/local/persons-repository.ts';

/** The kinds of events that a run without a server can stand for. */
export type LocalEventKind = 'push' | 'pull_request' | 'tag' | 'manual';

/** What git knows of the folder that a run is started in. */
export interface LocalRepository {
  /** Top folder of the repository, or the folder itself. */
  readonly root: string;
  readonly isRepository: boolean;
  /** Address of `origin` without credentials; null for none. */
  readonly originUrl: string | null;
  /** As a server would name the project, e.g. `shop/web`; the folder's name where there is no origin. */
  readonly projectPath: string;
  /** Null: no branch is checked out. */
  readonly branch: string | null;
  readonly defaultBranch: string;
  /** Null: there is no commit yet. */
  readonly head: Head | null;
  /** Paths that differ from where the branch began, new ones too, sorted; null when that is not known. */
  readonly changedFiles: readonly string[] | null;
}

interface Head {
  readonly commit: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committedAtMs: number;
  /** A tag of this commit; null for none. */
  readonly tag: string | null;
}

/** What steps are told of, as for deliveries. */
const MOST_PATHS = 500;
const NO_COMMIT = '0'.repeat(40);

/**
 * Asks git about `folder`. A folder that is in no repository is told as such.
 * @throws Problem `git_failed` for a repository that git does not let this person use, `part_missing` without git.
 */
export async function readRepository(folder: string): Promise<LocalRepository> {
  const top = await findRepository(folder);
  const root = top ?? folder;
  const isRepository = top !== null;
  const ask: Ask = async (...args) => (isRepository ? askGitFor(root, args) : null);
  const originUrl = withoutCredentials(await ask('config', '--get', 'remote.origin.url'));
  const branch = await ask('symbolic-ref', '--quiet', '--short', 'HEAD');
  const defaultBranch = await findDefaultBranch(ask, branch);
  const head = await readHead(ask);
  return {
    root,
    isRepository,
    originUrl,
    projectPath: pathOf(originUrl) ?? nameOf(root),
    branch,
    defaultBranch,
    head,
    changedFiles: head === null ? null : await changedSince(ask, await findBase(ask, branch, defaultBranch)),
  };
}

/** The event that a delivery of that kind would have been, for what is checked out now. */
export function eventOf(repository: LocalRepository, kind: LocalEventKind): RepositoryEvent {
  const { head, defaultBranch, changedFiles } = repository;
  const branch = repository.branch ?? defaultBranch;
  const author = head?.author ?? { name: 'nobody', email: '' };
  const base = {
    commit: head?.commit ?? NO_COMMIT,
    message: head?.message ?? '',
    author,
    committedAtMs: head?.committedAtMs ?? null,
    actor: { id: '', login: author.name, avatarUrl: null },
    url: null,
    repository: null,
  };
  if (kind === 'tag') return { ...base, kind, tag: head?.tag ?? 'v0.0.0' };
  if (kind === 'manual') return { ...base, kind, branch, inputs: {} };
  if (kind === 'push') return { ...base, kind, branch, before: null, changedFiles };
  return {
    ...base,
    kind,
    number: 1,
    title: base.message.split('\n')[0] ?? '',
    sourceBranch: branch,
    targetBranch: defaultBranch,
    targetCommit: base.commit,
    before: null,
    changedFiles,
    labels: [],
    milestone: null,
    isDraft: null,
    fromFork: false,
  };
}

type Ask = (...args: string[]) => Promise<string | null>;

async function findDefaultBranch(ask: Ask, branch: string | null): Promise<string> {
  const remote = await ask('symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD');
  if (remote !== null) return remote.replace(/^origin\//, '');
  for (const name of ['main', 'master'])
    if ((await ask('rev-parse', '--verify', '--quiet', `refs/heads/${name}`)) !== null) return name;
  return branch ?? 'main';
}

async function readHead(ask: Ask): Promise<Head | null> {
  const shown = await ask('log', '-1', '--format=%H%x00%an%x00%ae%x00%ct%x00%B');
  if (shown === null) return null;
  const [commit = '', name = '', email = '', seconds = '0', message = ''] = shown.split('\0');
  return {
    commit,
    message: message.trimEnd(),
    author: { name, email },
    committedAtMs: Number(seconds) * 1_000,
    tag: await ask('describe', '--tags', '--exact-match', 'HEAD'),
  };
}

/** Where what is done here began: on the default branch what was pushed or the commit before, elsewhere the fork. */
async function findBase(ask: Ask, branch: string | null, defaultBranch: string): Promise<string | null> {
  if (branch === defaultBranch)
    return (
      (await ask('rev-parse', '--verify', '--quiet', '@{upstream}')) ??
      ask('rev-parse', '--verify', '--quiet', 'HEAD~1')
    );
  return (
    (await ask('merge-base', 'HEAD', `origin/${defaultBranch}`)) ?? ask('merge-base', 'HEAD', defaultBranch)
  );
}

async function changedSince(ask: Ask, base: string | null): Promise<readonly string[] | null> {
  if (base === null) return null;
  const differing = (await ask('diff', '--name-only', '--no-renames', '-z', base, '--')) ?? '';
  const untracked = (await ask('ls-files', '--others', '--exclude-standard', '--full-name', '-z')) ?? '';
  const paths = new Set(`${differing}\0${untracked}`.split('\0').filter((one) => one !== ''));
  return paths.size > MOST_PATHS ? null : [...paths].sort();
}

/** Null for an address that cannot be read for certain: what looks like a name may be part of a password. */
function withoutCredentials(address: string | null): string | null {
  if (address === null) return null;
  if (/^[\w.-]+@[\w.-]+:[^\s@]+$/.test(address)) return address; // ssh, which has no password in it
  try {
    const url = new URL(address);
    if (url.host === '') return null;
    url.username = '';
    url.password = '';
    return url.href;
  } catch {
    return null;
  }
}

/** The path of an address such as `https://host/shop/web.git` or `git@host:shop/web.git`. */
function pathOf(url: string | null): string | null {
  const [, found] = /^(?:[\w+.-]+:\/\/[^/]+\/|[^/:]+:)(.+?)(?:\.git)?\/?$/.exec(url ?? '') ?? [];
  return found ?? null;
}

function nameOf(root: string): string {
  const name = path
    .basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-');
  return name.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '') || 'local';
}
