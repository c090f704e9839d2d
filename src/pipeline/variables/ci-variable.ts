import type { RepositoryEvent } from '../../core/event.ts';
import type { Status } from '../../core/status.ts';

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
  readonly build: CiBuild & {
    /** How often its first build was run again up to this one; 0 for a first run. */
    readonly reruns: number;
  };
  /** The build before it of the same branch, tag or pull request; null for the first. */
  readonly previous: CiPrevious | null;
  /** Name of the workflow; null while the build is planned. */
  readonly workflow: string | null;
  /** Paths that the event changed; null when not known: conditions on `path` then hold. */
  readonly changedFiles: readonly string[] | null;
  readonly system: { readonly url: string; readonly version: string };
}

export interface CiBuild {
  readonly number: number;
  /** The build's page. */
  readonly url: string;
  readonly createdAtMs: number;
  /** Null while it has not begun to run. */
  readonly startedAtMs: number | null;
  /** Number of the build that this one runs again; null for a first run. */
  readonly rerunOf: number | null;
}

export interface CiPrevious {
  readonly event: RepositoryEvent;
  readonly build: CiBuild & { readonly status: Status; readonly finishedAtMs: number | null };
}

/** A variable: what it holds, and how its value comes about; null: this event has none. */
export interface CiVariable {
  readonly about: string;
  readonly isForValues: boolean;
  readonly of: (context: CiContext) => string | null;
}

export type CiVariables = Readonly<Record<string, CiVariable>>;

/** One that values of the file may use too: tags, arguments of the image, environments. */
export function forValues(about: string, of: CiVariable['of']): CiVariable {
  return { about, isForValues: true, of };
}

/**
 * One that only steps get, in their environment: a tag names an image for others, so what the author of a pull request
 * chose, or what is known only once a build runs, has no place in it.
 */
export function forSteps(about: string, of: CiVariable['of']): CiVariable {
  return { about, isForValues: false, of };
}

/** Seconds since 1970, as Woodpecker gives times. */
export function seconds(timeMs: number | null): string | null {
  return timeMs === null ? null : String(Math.floor(timeMs / 1_000));
}
