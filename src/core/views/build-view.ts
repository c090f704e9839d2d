import type { EndFix } from '../end-fix.ts';
import type { BuiltImage, PushedImage } from '../image.ts';
import type { InputValues } from '../input.ts';
import type { Status } from '../status.ts';
import type { BuildReferenceView } from './build-reference-view.ts';
import type { DeploymentSummary, DeploymentView } from './deployment-view.ts';
import type { LintProblemView } from './lint-view.ts';
import type { WorkflowView } from './workflow-view.ts';

export interface BuildSummary extends EndFix {
  readonly id: string;
  readonly number: number;
  readonly projectId: string;
  readonly projectPath: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly event: 'push' | 'tag' | 'pull_request' | 'manual' | 'cron';
  /** Branch, tag, or `#12` of a pull request. */
  readonly refName: string;
  readonly commit: string;
  readonly commitUrl: string | null;
  readonly message: string;
  readonly author: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** For a waiting build: its place in the whole queue from 1, and why it waits. */
  readonly waiting: { readonly place: number; readonly why: string } | null;
  /** How its deployments stand: in a list the last into each environment, in {@link BuildView} all. */
  readonly deployments: readonly DeploymentSummary[];
}

export interface BuildView extends BuildSummary {
  readonly deliveryId: string | null;
  readonly rerunOf: string | null;
  /** Null too when that build was removed. */
  readonly rerunOfNumber: number | null;
  /** Of a build by hand: input → value, those of the person and the defaults. */
  readonly inputs: InputValues;
  /** The build of which only what failed runs again here, what was green being taken over; null: all runs. */
  readonly rerunFrom?: BuildReferenceView | null;
  /** Problems of the pipeline file, when that is why it failed. */
  readonly problems: readonly LintProblemView[];
  readonly warnings: readonly LintProblemView[];
  readonly workflows: readonly WorkflowView[];
  readonly image: (BuiltImage & { readonly durationMs: number | null }) | null;
  readonly pushed: (PushedImage & { readonly tags: readonly string[] }) | null;
  readonly deployments: readonly DeploymentView[];
  /** What its steps have left to be kept; absent in what an older server tells. */
  readonly artifacts?: readonly ArtifactView[];
  /** What went wrong beside it and did not change it; empty for most. */
  readonly notices: readonly NoticeView[];
}

/** Files of a step, as one archive: `GET /api/v1/artifacts/:artifact`. */
export interface ArtifactView {
  readonly id: string;
  readonly name: string;
  readonly step: string;
  readonly files: number;
  readonly bytes: number;
  /** Of the archive. */
  readonly digest: string;
  /** Null: with its build. */
  readonly expiresAtMs: number | null;
}

/**
 * Of a workflow that runs again where only what failed does: the steps that run, those that stay green, and those that
 * run after a failure alone.
 */
export interface FailedPartView {
  readonly workflow: string;
  readonly again: readonly string[];
  readonly kept: readonly string[];
  readonly afterFailure: readonly string[];
}

export interface NoticeView {
  readonly atMs: number;
  /** Contexts of the commit statuses that were not set. */
  readonly about: readonly string[];
  /** Why, and what to do. */
  readonly text: string;
}
