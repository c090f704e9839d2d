/** Who did something on a Git host. Trust comes from the host's account id, never from a commit's author name. */
export interface Actor {
  readonly id: string;
  readonly login: string;
}

/** What happened in a repository, in words that no Git host owns. */
export type RepositoryEvent = PushEvent | TagEvent | PullRequestEvent | ManualEvent;

/** Paths that an event changed, sorted; null when they are not known, or more than the 500 that steps are told of. */
export type ChangedFiles = readonly string[] | null;

interface EventBase {
  /** 40 hex digits: the commit to build. */
  readonly commit: string;
  /** First line and more of the commit's message; empty where the host does not say. */
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly actor: Actor;
  /** The commit's page on the host, or null. */
  readonly url: string | null;
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
  /** True when the head lives in another repository. */
  readonly fromFork: boolean;
}

/** "Run now" on a branch, from the page or the API. */
export interface ManualEvent extends EventBase {
  readonly kind: 'manual';
  readonly branch: string;
}

/** The branch whose order a build belongs to; null for tags. */
export function branchOf(event: RepositoryEvent): string | null {
  switch (event.kind) {
    case 'push':
    case 'manual':
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
      return `refs/heads/${event.branch}`;
    case 'tag':
      return `refs/tags/${event.tag}`;
    case 'pull_request':
      return `refs/pull/${event.number}/head`;
  }
}
