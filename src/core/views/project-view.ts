import type { Input } from '../input.ts';
import type { Status } from '../status.ts';
import type { BuildSummary } from './build-view.ts';

/** As `/api/v1` answers and the pages show it. In every view times are epoch ms, and null means "not yet" or "none". */
export interface ProjectView {
  readonly id: string;
  /** Unique, e.g. `shop/web`. */
  readonly path: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  readonly createdAtMs: number;
  readonly secretNames: readonly string[];
  /** How its Git host is told of builds: with a token of its own, as the server's App, or not at all. */
  readonly connection: 'token' | 'app' | null;
  /** Projects that may include its files, by path (`shop/web`), folder (`shop/*`) or all (`*`). */
  readonly sharedWith: readonly string[];
  /** When its removal was asked for, which waits for its builds to end; null: it stays. */
  readonly removingSinceMs: number | null;
  readonly lastBuild: BuildSummary | null;
}

/** When builds of a project's default branch are made by the clock, as its pipeline file says. */
export interface ScheduleView {
  readonly name: string;
  /** As in the file. */
  readonly expression: string;
  /** Name in the database of IANA. */
  readonly timezone: string;
  /** False: a person has stopped it. */
  readonly enabled: boolean;
  /** The next times, rising; one that has passed is about to be dealt with. Empty while it is stopped. */
  readonly nextMs: readonly number[];
  /** The newest that it made; null: none, or it was removed. */
  readonly lastBuild: { readonly id: string; readonly number: number; readonly status: Status } | null;
  /** Why no build was made for a time that has passed; it is tried again. */
  readonly problem: string | null;
}

/** What the pipeline files at the newest commit of a branch ask for when a build is started by hand. */
export interface InputsView {
  readonly branch: string;
  readonly commit: string;
  /** None where the files have errors. */
  readonly inputs: readonly Input[];
  /** Why it is not known what they ask for; a build says what is wrong with them. Null: it is known. */
  readonly problem: string | null;
}
