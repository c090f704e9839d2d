import type { BuiltImage } from './image.ts';

/** A step that was green in an earlier build, or had nothing to do, and is not run again. */
export interface KeptStep {
  readonly kind: 'image' | 'step';
  readonly name: string;
  /** The row that has its attempts. */
  readonly stepId: string;
  /** A share that no test file was left for: it is skipped again. */
  readonly empty?: true;
}

/**
 * Where a workflow that runs again gets its image from: it was never built, so it is built now; nothing needs it; or it
 * is the one of before, on the engine of the worker that keeps it.
 */
export type RepeatImage = 'build' | 'none' | KeptImage;

export interface KeptImage {
  readonly built: BuiltImage;
  readonly workerId: string;
  /** The workflow with whose end it was kept, which says until when. Absent in records of earlier versions. */
  readonly workflowId?: string;
}

/** What of a workflow runs again where only what failed of a build does. */
export interface WorkflowRepeat {
  /** Number of the build that failed. */
  readonly of: number;
  readonly kept: readonly KeptStep[];
  readonly image: RepeatImage;
}
