import type { CommitCheck } from '../core/commit-check.ts';
import type { CommitStatus } from '../core/commit-status.ts';
import type { Problem } from '../core/problem.ts';

/** What opens a Git host's API for one repository. */
export type HostAccess =
  | { readonly kind: 'token'; readonly token: string }
  /** The server's App there. `installation`: the id that was seen last; null: the host is asked for it. */
  | { readonly kind: 'app'; readonly installation: string | null };

/** A repository on a Git host. */
export interface HostRepository {
  /** Full name, `owner/name`. */
  readonly name: string;
  readonly access: HostAccess;
}

/** How a question to a Git host ended: planned, so a value. No problem of it holds a token. */
export type HostAnswer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  /** It will not be done until a person changes something; the problem says what. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Not now: rate limit, 5xx, no answer. `afterMs`: the host wants no question before that; 0 when it does not say. */
  | { readonly kind: 'later'; readonly problem: Problem; readonly afterMs: number };

/**
 * The API of the server's Git host. Nothing is repeated inside: the caller tries again. While the host wants no
 * questions of a token or of the App, they are answered `later` without being sent. Any number may be asked at once.
 */
export interface GitHost {
  /** Host name of its repositories' addresses, e.g. `github.com`. */
  readonly name: string;
  /** Whether the server has an App there. */
  readonly hasApp: boolean;
  /** Whether a clone address is of this host. */
  serves(cloneUrl: string): boolean;
  /** Reads the repository, to try what opens it. */
  tryRepository(repository: HostRepository): Promise<HostAnswer<null>>;
  /** The App's installation that has the repository; null where it is not installed. */
  findInstallation(name: string): Promise<HostAnswer<string | null>>;
  /** A token of the App that reads the repository's content for ten minutes at least; made on demand, kept in memory. */
  cloneToken(name: string, installation: string | null): Promise<HostAnswer<string>>;
  /** Shows a status beside a commit. Harmless twice; of one context the last one asked for is shown. */
  setStatus(
    repository: HostRepository,
    status: CommitStatus & { readonly commit: string; readonly targetUrl: string },
    signal?: AbortSignal,
  ): Promise<HostAnswer<null>>;
  /**
   * Shows a check beside a commit and in its files, as the App. Harmless twice: one of the same id is gone on with where
   * it was left.
   */
  showCheck(repository: HostRepository, check: CommitCheck, signal?: AbortSignal): Promise<HostAnswer<null>>;
}
