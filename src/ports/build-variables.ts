import type { RepositoryEvent } from '../core/event.ts';

/** What the `CI_*` and `SLIPWAY_*` variables of a workflow are made of. */
export interface VariablesInput {
  readonly build: {
    readonly id: string;
    readonly number: number;
    readonly createdAtMs: number;
    /** Number of the build that this one runs again, or null. */
    readonly rerunOf: number | null;
  };
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

/** Pure: the environment that every step of the workflow gets. Nothing in it is secret. */
export type BuildVariables = (input: VariablesInput) => Readonly<Record<string, string>>;
