/** A repository on a Git host and what opens it. */
export interface Remote {
  /** `http`, `https` or `ssh` address without credentials in it. */
  readonly url: string;
  readonly credentials: Credentials | null;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface RemoteState {
  readonly defaultBranch: string;
  /** Branch → commit. */
  readonly branches: ReadonlyMap<string, string>;
}

export interface CommitInfo {
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
}

/** A commit of a project: where it is and what it is called. */
export interface CommitPlace {
  readonly projectId: string;
  readonly remote: Remote;
  /** 40 hex digits. */
  readonly commit: string;
  /** Where the commit should be; when this ref has moved away, the commit is asked for by its id. */
  readonly ref: string;
}

export interface CommitContent {
  readonly info: CommitInfo;
  /** Text of the files that were asked for, in that order; null where there is none. */
  readonly files: readonly (string | null)[];
}

/** Bare mirrors on the server's disk, one a project: for reading files at a commit, never for a checkout. */
export interface Mirrors {
  /**
   * Reads a commit and files of it. What is not in the mirror is fetched first: one fetch per (project, commit),
   * however many ask at once, and none when it is there.
   * @throws Problem `repository_unreachable`, `commit_missing`, `git_failed`.
   */
  read(place: CommitPlace, paths: readonly string[]): Promise<CommitContent>;
  /** Paths that differ between two commits, sorted; null when one of them is not in the mirror. */
  changedPaths(projectId: string, from: string, to: string): Promise<readonly string[] | null>;
  remove(projectId: string): Promise<void>;
  /** Resolves when no command runs any more; at the end, after the abort. */
  settled(): Promise<void>;
}

/** Reads the branches of a remote and which one is its default. @throws Problem `repository_unreachable`. */
export type ReadRemote = (remote: Remote, signal?: AbortSignal) => Promise<RemoteState>;
