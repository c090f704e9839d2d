import type { InputValues } from './input.ts';

/** Who did something on a Git host. Trust comes from the host's account id, never from a commit's author name. */
export interface Actor {
  readonly id: string;
  readonly login: string;
  /** Address of the account's picture, http or https; null where the host does not say. */
  readonly avatarUrl: string | null;
}

/** What a Git host's delivery says of the repository that it is about. */
export interface HostedRepository {
  readonly host: 'github';
  /** The host's own id of it, which a new name does not change. */
  readonly id: string;
  readonly isPrivate: boolean;
  /** Its page; null where the host does not say. */
  readonly url: string | null;
  /** Address to clone from over ssh; null where the host does not say. */
  readonly sshUrl: string | null;
}

/** What happened in a repository, in words that no Git host owns. */
export type RepositoryEvent = PushEvent | TagEvent | PullRequestEvent | ManualEvent | CronEvent;

/** Paths that an event changed, sorted; null when they are not known, or more than the 500 that steps are told of. */
export type ChangedFiles = readonly string[] | null;

interface EventBase {
  /** 40 hex digits: the commit to build. */
  readonly commit: string;
  /** First line and more of the commit's message; empty where the host does not say. */
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** When the commit was made, by its committer's clock: epoch ms, in whole seconds; null when it is not known. */
  readonly committedAtMs: number | null;
  readonly actor: Actor;
  /** The commit's page on the host, or null. */
  readonly url: string | null;
  /** Null when no delivery has told of it. */
  readonly repository: HostedRepository | null;
}

export interface PushEvent extends EventBase {
  readonly kind: 'push';
  readonly branch: string;
  /** Commit before the push; null when the branch is new. */
  readonly before: string | null;
  readonly changedFiles: ChangedFiles;
}

export interface TagEvent extends EventBase {
  readonly kind: 'tag';
  readonly tag: string;
}

export interface PullRequestEvent extends EventBase {
  readonly kind: 'pull_request';
  readonly number: number;
  readonly title: string;
  readonly sourceBranch: string;
  readonly targetBranch: string;
  /** Where the Git host saw the target branch. */
  readonly targetCommit: string;
  /** Commit of the source branch before this one, where the host says it; null for a new pull request. */
  readonly before: string | null;
  /** Since its history left the target branch. */
  readonly changedFiles: ChangedFiles;
  readonly labels: readonly string[];
  /** Title of its milestone; null for none. */
  readonly milestone: string | null;
  /** Null where the host does not say. */
  readonly isDraft: boolean | null;
  /** True when the head lives in another repository. */
  readonly fromFork: boolean;
}

/** "Run now" on a branch, from the page or the API. */
export interface ManualEvent extends EventBase {
  readonly kind: 'manual';
  readonly branch: string;
  /** Values of all inputs of its file that have one, those of the person before the defaults. */
  readonly inputs: InputValues;
}

/** The clock, as the default branch's file says. */
export interface CronEvent extends EventBase {
  readonly kind: 'cron';
  /** The default branch. */
  readonly branch: string;
  /** Name of the schedule. */
  readonly cron: string;
  /** The time that it is made for, epoch ms; of several that were missed the first. */
  readonly tickMs: number;
}

/** The branch whose order a build belongs to; null for tags. */
export function branchOf(event: RepositoryEvent): string | null {
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return event.branch;
    case 'pull_request':
      return event.targetBranch;
    case 'tag':
      return null;
  }
}

/** The git ref that holds the commit. */
export function refOf(event: RepositoryEvent): string {
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return `refs/heads/${event.branch}`;
    case 'tag':
      return `refs/tags/${event.tag}`;
    case 'pull_request':
      return `refs/pull/${event.number}/head`;
  }
}

/** What events of older records do not have. */
const LATER = { committedAtMs: null, repository: null };
const LATER_OF_ACTOR = { avatarUrl: null };
const LATER_OF_KIND = {
  push: { changedFiles: null },
  tag: {},
  pull_request: { changedFiles: null, milestone: null, isDraft: null },
  manual: { inputs: {} },
  cron: {},
} as const;

/**
 * Reads an event as the record has it (`event_json`), its keys in their order; what an older version of Slipway did not
 * record is null and comes last.
 */
export function readEvent(json: string): RepositoryEvent {
  const event = JSON.parse(json) as RepositoryEvent;
  const actor = { ...event.actor, ...LATER_OF_ACTOR, ...event.actor };
  return { ...event, ...LATER, ...LATER_OF_KIND[event.kind], ...event, actor };
}
