import { branchOf, refOf } from '../core/event.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { slugOf } from './slug.ts';

/** What the `CI_*` variables are made of. */
export interface CiContext {
  readonly event: RepositoryEvent;
  readonly project: {
    /** Unique, e.g. `shop/web`. */
    readonly path: string;
    readonly cloneUrl: string;
    /** The repository's page on the Git host, or null. */
    readonly webUrl: string | null;
    readonly defaultBranch: string;
  };
  readonly build: {
    readonly number: number;
    /** The build's page. */
    readonly url: string;
    readonly createdAtMs: number;
    /** Number of the build that this one runs again; null for a first run. */
    readonly rerunOf: number | null;
  };
  /** Paths that the event changed; null when not known: conditions on `path` then hold. */
  readonly changedFiles: readonly string[] | null;
  readonly system: { readonly url: string; readonly version: string };
}

/** A `CI_*` variable: what it holds, and how its value comes about; null: this event has none. */
interface CiVariable {
  readonly about: string;
  readonly of: (context: CiContext) => string | null;
}

/**
 * The variables, in the order of the reference. Names and meanings are Woodpecker's (its documentation,
 * "Environment variables"), except `CI_COMMIT_BRANCH_SLUG`, which is ours.
 */
export const CI_VARIABLES: Readonly<Record<string, CiVariable>> = {
  CI: { about: 'Always `slipway`.', of: () => 'slipway' },

  CI_REPO: { about: "The project's path, `<owner>/<name>`.", of: ({ project }) => project.path },
  CI_REPO_OWNER: { about: 'Its owner.', of: ({ project }) => project.path.split('/').slice(0, -1).join('/') },
  CI_REPO_NAME: { about: 'Its name.', of: ({ project }) => project.path.split('/').at(-1) ?? '' },
  CI_REPO_URL: {
    about: 'Page of the repository on the Git host.',
    of: ({ project }) => (project.webUrl === null ? null : withoutCredentials(project.webUrl)),
  },
  CI_REPO_CLONE_URL: {
    about: 'Address to clone from, without credentials.',
    of: ({ project }) => withoutCredentials(project.cloneUrl),
  },
  CI_REPO_DEFAULT_BRANCH: { about: 'The default branch.', of: ({ project }) => project.defaultBranch },

  CI_COMMIT_SHA: { about: 'The commit, 40 digits.', of: ({ event }) => event.commit },
  CI_COMMIT_REF: { about: 'Its Git ref, e.g. `refs/heads/main`.', of: ({ event }) => refOf(event) },
  CI_COMMIT_REFSPEC: {
    about: '`<source>:<target>` of a pull request.',
    of: ({ event }) => (event.kind === 'pull_request' ? `${event.sourceBranch}:${event.targetBranch}` : null),
  },
  CI_COMMIT_BRANCH: {
    about: 'The branch; the target branch of a pull request; none for tags.',
    of: ({ event }) => branchOf(event),
  },
  CI_COMMIT_BRANCH_SLUG: {
    about:
      'The branch that holds the commit (of a pull request its source) as a valid tag. Not in Woodpecker.',
    of: ({ event }) => {
      const branch = event.kind === 'pull_request' ? event.sourceBranch : branchOf(event);
      return branch === null ? null : slugOf(branch);
    },
  },
  CI_COMMIT_SOURCE_BRANCH: {
    about: 'Source branch of a pull request.',
    of: ({ event }) => (event.kind === 'pull_request' ? event.sourceBranch : null),
  },
  CI_COMMIT_TARGET_BRANCH: {
    about: 'Target branch of a pull request.',
    of: ({ event }) => (event.kind === 'pull_request' ? event.targetBranch : null),
  },
  CI_COMMIT_TAG: { about: 'The tag.', of: ({ event }) => (event.kind === 'tag' ? event.tag : null) },
  CI_COMMIT_PULL_REQUEST: {
    about: 'Number of the pull request.',
    of: ({ event }) => (event.kind === 'pull_request' ? String(event.number) : null),
  },
  CI_COMMIT_PULL_REQUEST_LABELS: {
    about: 'Its labels, separated by commas.',
    of: ({ event }) => (event.kind === 'pull_request' ? event.labels.join(',') : null),
  },
  CI_COMMIT_MESSAGE: { about: "The commit's message.", of: ({ event }) => event.message },
  CI_COMMIT_AUTHOR: { about: 'Name of its author.', of: ({ event }) => event.author.name },
  CI_COMMIT_AUTHOR_EMAIL: { about: 'Mail address of its author.', of: ({ event }) => event.author.email },
  CI_PREV_COMMIT_SHA: {
    about: 'The commit before the push; none for a new branch.',
    of: ({ event }) => (event.kind === 'push' ? event.before : null),
  },

  CI_PIPELINE_NUMBER: {
    about: 'Number of the build in its project.',
    of: ({ build }) => String(build.number),
  },
  CI_PIPELINE_PARENT: {
    about: 'Number of the build that this one runs again, else `0`.',
    of: ({ build }) => String(build.rerunOf ?? 0),
  },
  CI_PIPELINE_EVENT: { about: '`push`, `pull_request`, `tag` or `manual`.', of: ({ event }) => event.kind },
  CI_PIPELINE_URL: { about: 'Page of the build.', of: ({ build }) => build.url },
  CI_PIPELINE_FORGE_URL: { about: 'Page of the commit on the Git host.', of: ({ event }) => event.url },
  CI_PIPELINE_CREATED: {
    about: 'When the build was made, in seconds since 1970.',
    of: ({ build }) => String(Math.floor(build.createdAtMs / 1_000)),
  },
  CI_PIPELINE_FILES: {
    about: 'Changed files as a JSON list; absent when unknown or more than 500.',
    of: ({ changedFiles }) =>
      changedFiles === null || changedFiles.length > 500 ? null : JSON.stringify(changedFiles),
  },
  CI_PIPELINE_AUTHOR: { about: 'Account that caused the build.', of: ({ event }) => event.actor.login },

  CI_SYSTEM_NAME: { about: 'Always `slipway`.', of: () => 'slipway' },
  CI_SYSTEM_URL: { about: 'Address of the server.', of: ({ system }) => system.url },
  CI_SYSTEM_HOST: { about: 'Its host name.', of: ({ system }) => hostOf(system.url) },
  CI_SYSTEM_VERSION: { about: 'Its version.', of: ({ system }) => system.version },
};

/**
 * The `CI_*` variables of a build: environment for every step, values for the tags of `push`.
 * Variables that the event has no value for are absent. No value has a NUL, or more bytes than the
 * 64 KiB that a process can safely be given.
 */
export function ciVariables(context: CiContext): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const [name, { of }] of Object.entries(CI_VARIABLES)) {
    const value = of(context);
    if (value !== null) variables[name] = bounded(value);
  }
  return variables;
}

const MOST_BYTES = 64 * 1024;

function bounded(value: string): string {
  const text = value.replaceAll('\0', '');
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  return Buffer.from(text)
    .subarray(0, MOST_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}

function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
  const url = new URL(address);
  if (url.username === '' && url.password === '') return address;
  if (url.protocol === 'ssh:') url.password = '';
  else [url.username, url.password] = ['', ''];
  return url.href;
}

function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).hostname : null;
}
