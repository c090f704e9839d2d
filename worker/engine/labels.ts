import type { WorkflowWork } from '../../src/core/work.ts';

/** Keys of the labels on everything that a build makes in the engine. */
export const LABELS = {
  build: 'slipway.build',
  workflow: 'slipway.workflow',
  lease: 'slipway.lease',
  worker: 'slipway.worker',
  /** Name of the step or service. */
  step: 'slipway.step',
  /** Digest of the helper that a volume holds; such volumes outlive builds. */
  helper: 'slipway.helper',
} as const;

/** What names the owner of a workflow's containers, networks and volumes. */
export interface WorkflowLabels {
  readonly build: string;
  readonly workflow: string;
  readonly lease: string;
  readonly worker: string;
}

/** The owner of what a claimed workflow makes; `worker` is the worker's stable name. */
export function workflowLabels(work: WorkflowWork, lease: string, worker: string): WorkflowLabels {
  return { build: work.build.id, workflow: work.workflowId, lease, worker };
}

/** The labels as the engine takes them, with the step's name where it is one step's. */
export function engineLabels(owner: WorkflowLabels, step?: string): Record<string, string> {
  return {
    [LABELS.build]: owner.build,
    [LABELS.workflow]: owner.workflow,
    [LABELS.lease]: owner.lease,
    [LABELS.worker]: owner.worker,
    ...(step === undefined ? {} : { [LABELS.step]: step }),
  };
}
