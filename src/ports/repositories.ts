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
  /** By its committer's clock: epoch ms, in whole seconds; null where the commit does not say. */
  readonly committedAtMs: number | null;
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

/** What a commit is compared with. */
export type Base =
  /** The empty tree: every file of the commit counts. */
  | { readonly kind: 'nothing' }
  /** Another commit as it is, forced away or not: what a push changed. */
  | { readonly kind: 'commit'; readonly commit: string }
  /** The commit's merge base with a branch: what the commit's own history changed since it left that branch. */
  | {
      readonly kind: 'branch';
      readonly branch: string;
      /** Where the Git host says the branch is; null: wherever the mirror has it. */
      readonly at: string | null;
    };

/**
 * Paths that differ between a commit and its base, sorted; of a renamed file both names. Or why they are not known,
 * to be read after "the changed files are not known:".
 */
export type Changes =
  | { readonly kind: 'known'; readonly paths: readonly string[] }
  | { readonly kind: 'unknown'; readonly cause: string };

/** A file that is too large to be read. */
export interface LargeFile {
  readonly bytes: number;
}

/** A path that is a folder. */
export interface Folder {
  /** The names of the files in it, sorted by their bytes; links are left out. */
  readonly names: readonly string[];
}

export interface CommitContent {
  readonly info: CommitInfo;
  /** What is at the paths that were asked for, in that order: a file's text; null where there is nothing. */
  readonly files: readonly (string | LargeFile | Folder | null)[];
  /** Null when no base was given. */
  readonly changes: Changes | null;
}

export interface IncludedContent extends Pick<CommitContent, 'files'> {
  /** Those of the paths that are links, which are not followed. */
  readonly links: ReadonlySet<string>;
}

/** Bare mirrors on the server's disk, one a project: what is read at a commit, and what workers check out. */
export interface Mirrors {
  /**
   * Reads a commit, files of it and what it changed. What is not in the mirror is fetched first: one fetch per
   * (project, commit), however many ask at once, and none when it is there. A base that cannot be had makes the
   * changes unknown, never the commit.
   * @throws Problem `repository_unreachable`, `repository_too_slow`, `commit_missing`, `git_failed`.
   */
  read(place: CommitPlace, paths: readonly string[], base?: Base): Promise<CommitContent>;
  /**
   * Reads files of a commit that a pipeline file names, whatever its branch is at by now: what the mirror knows of
   * branches stays as it is.
   * @param signal Ends the wait, and a fetch that has not begun; its reason is thrown.
   * @throws Problem as {@link Mirrors.read}.
   */
  readIncluded(place: CommitPlace, paths: readonly string[], signal?: AbortSignal): Promise<IncludedContent>;
  /**
   * A commit with its history and the repository's tags as a Git bundle (`gitformat-bundle`, version 2), without what
   * the reader has: its commits and tags by their ids; those that the mirror does not know are passed over. What is not
   * in the mirror is fetched first. The stream ends early, with an error, when git fails or `signal` aborts.
   * @throws Problem as {@link Mirrors.read}.
   */
  bundle(
    place: CommitPlace,
    have: readonly string[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Packs a mirror that has many small files and drops what nothing needs any more, slowly, beside other work. Never
   * while something is fetched into it; a read that has to fetch ends it at once. May be killed at any moment.
   * @param needed Commits that must stay though no branch has them any more; asked when it is needed.
   * @throws Problem `git_failed`.
   */
  tidy(projectId: string, needed: () => Promise<ReadonlySet<string>>): Promise<TidyOutcome>;
  remove(projectId: string): Promise<void>;
  /** When a mirror was last read, to the hour (epoch ms); null: there is none. */
  lastUse(projectId: string): Promise<number | null>;
  /**
   * Removes a mirror that was not used for `ageMs`, at least an hour; what is asked for later is fetched anew. Never while
   * anything is read from it or fetched into it.
   * @param isNeeded Whether a commit of it is still to be read, which its remote may have no more; asked last.
   * @returns Whether it went.
   */
  removeUnused(projectId: string, ageMs: number, isNeeded: () => Promise<boolean>): Promise<boolean>;
  /** Resolves when no command runs any more; at the end, after the abort. */
  settled(): Promise<void>;
}

/** `gave way`: to a fetch, or at the end of the server. `no room`: packing needs more free disk than there is. */
export type TidyOutcome = 'tidy already' | 'tidied' | 'gave way' | 'no room';

/** Reads the branches of a remote and which one is its default. @throws Problem `repository_unreachable`. */
export type ReadRemote = (remote: Remote, signal?: AbortSignal) => Promise<RemoteState>;
