import type { RepositoryEvent } from '../core/event.ts';
import type { Status } from '../core/status.ts';

/** What the `CI_*` and `SLIPWAY_*` variables of a workflow are made of. */
export interface VariablesInput {
  readonly build: NumberedBuild & {
    /** How often its first build was run again up to this one; 0 for a first run. */
    readonly reruns: number;
  };
  /** The build before it of the same branch, tag or pull request; null for the first. */
  readonly previous: PreviousBuild | null;
  readonly workflow: { readonly name: string; readonly attempt: number };
  readonly project: {
    readonly id: string;
    readonly path: string;
    readonly cloneUrl: string;
    readonly hostRepository: string;
    readonly defaultBranch: string;
  };
  readonly event: RepositoryEvent;
}

export interface NumberedBuild {
  readonly id: string;
  readonly number: number;
  readonly createdAtMs: number;
  /** When its workflow was first claimed; null while it has not been. */
  readonly startedAtMs: number | null;
  /** Number of the build that this one runs again, or null. */
  readonly rerunOf: number | null;
}

export interface PreviousBuild {
  readonly event: RepositoryEvent;
  readonly build: NumberedBuild & { readonly status: Status; readonly finishedAtMs: number | null };
}

/** Pure: the environment that every step of the workflow gets. Nothing in it is secret. */
export type BuildVariables = (input: VariablesInput) => Readonly<Record<string, string>>;
