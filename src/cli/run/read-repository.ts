import path from 'node:path';
import type { RepositoryEvent } from '../../core/event.ts';
import { runGit } from '../../git/run-git.ts';

/** The kinds of events that a run without a server can stand for. */
export type LocalEventKind = 'push' | 'pull_request' | 'tag';

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

const GIT_MS = 60_000;
/** What steps are told of, as for deliveries. */
const MOST_PATHS = 500;
const NO_COMMIT = '0'.repeat(40);

/** Asks git about `folder`. A folder that is in no repository is told as such. */
export async function readRepository(folder: string): Promise<LocalRepository> {
  const ask = (...args: string[]): Promise<string | null> => askGit(folder, args);
  const root = (await ask('rev-parse', '--show-toplevel')) ?? folder;
  const isRepository = (await ask('rev-parse', '--git-dir')) !== null;
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

/** Its output without the last line break; null when git says no. */
async function askGit(folder: string, args: readonly string[]): Promise<string | null> {
  const { exitCode, stdout } = await runGit(['-C', folder, ...args], { timeoutMs: GIT_MS, local: true });
  const text = stdout.toString('utf8').replace(/\n$/, '');
  return exitCode === 0 && text !== '' ? text : null;
}

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

function withoutCredentials(url: string | null): string | null {
  return url === null ? null : url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

/** The path of an address such as `https://host/shop/web.git` or `git@host:shop/web.git`. */
function pathOf(url: string | null): string | null {
  const [, found] = /^(?:\w+:\/\/[^/]+\/|[^/:]+:)(.+?)(?:\.git)?\/?$/.exec(url ?? '') ?? [];
  return found ?? null;
}

function nameOf(root: string): string {
  const name = path
    .basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-');
  return name.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '') || 'local';
}
