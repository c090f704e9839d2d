import type { NamedImage } from '../named-image.ts';
import type { WorkflowPlan } from '../plan.ts';
import type { Division } from '../split.ts';
import type { Status } from '../status.ts';
import type { TakenWork } from '../work.ts';

/** What it takes to run a build again elsewhere: `GET /api/v1/builds/:build/replay`. Nothing in it is secret. */
export interface ReplayView {
  readonly id: string;
  readonly number: number;
  readonly projectPath: string;
  /** Where the commit is. */
  readonly clone: { readonly url: string; readonly ref: string; readonly commit: string };
  /** What it was a build of, and whether it was given secrets and logins: not so for one from a fork; null, or left out by an older server: of none. */
  readonly pullRequest: { readonly number: number; readonly isTrusted: boolean } | null;
  /** Number of the build of which it ran only what had failed; null: it ran all. The workflows are whole in both cases. */
  readonly failedPartOf: number | null;
  readonly workflows: readonly ReplayWorkflowView[];
}

export interface ReplayWorkflowView extends WorkflowPlan {
  readonly status: Status;
  /** Of its steps, as they were. */
  readonly variables: Readonly<Record<string, string>>;
  /** The image that its steps ran in, where a registry was given it; null: none, or none that was pushed. */
  readonly image: RecordedImage | null;
  /** What the names of its images stood for; those that it came to. Absent: the server is older, as for the next two. */
  readonly images?: Readonly<Record<string, NamedImage>>;
  /** Which share had which test files, by the step in the file; those that were divided. */
  readonly divisions?: Readonly<Record<string, Division>>;
  /** What it takes of other workflows of the build, as it is there now; null: nothing. */
  readonly takes?: TakenWork | null;
}

/** An image of a registry, with the Id that an engine had it by. */
export interface RecordedImage {
  /** `host/repository@sha256:…`. */
  readonly reference: string;
  readonly imageId: string;
}
