import { workflowLabel } from './matrix-label.ts';
import type { WorkflowPlan } from './plan.ts';
import { isEnd, worst } from './status.ts';
import type { EndStatus, Status } from './status.ts';

/** A workflow of a build, as far as its turn and the build's end depend on it. */
export interface OpenWorkflow extends Pick<WorkflowPlan, 'name' | 'matrix' | 'dependsOn' | 'runsOn'> {
  readonly id: string;
  readonly status: Status;
  readonly reason: string | null;
  /** Of the catalogue, see `core/end.ts`. */
  readonly code?: string | null;
}

export interface WorkflowDecision {
  /** Those that will never run. */
  readonly end: readonly { readonly id: string; readonly status: EndStatus; readonly reason: string }[];
  /** The end of the build; null while a workflow has not ended. */
  readonly build: (Pick<OpenWorkflow, 'reason' | 'code'> & { readonly status: EndStatus }) | null;
}

/**
 * Decides what follows for a build when workflows of it have ended. Pure. One that waits is skipped once what it waits
 * for is over with another outcome than it runs on, and so is who waits for that one; a build that was told to end
 * begins nothing more. The build's end is the worst of its workflows'.
 */
export function decideWorkflows(
  workflows: readonly OpenWorkflow[],
  cancelRequested: string | null,
): WorkflowDecision {
  const ends = new Map<string, WorkflowDecision['end'][number]>();
  const statusOf = ({ id, status }: OpenWorkflow): Status => ends.get(id)?.status ?? status;
  for (let before = -1; before < ends.size;) {
    before = ends.size;
    for (const workflow of workflows) {
      if (statusOf(workflow) !== 'pending') continue;
      const why =
        cancelRequested === null
          ? whyNever(workflow, workflows, statusOf)
          : ({ status: 'cancelled', reason: cancelRequested } as const);
      if (why !== null) ends.set(workflow.id, { id: workflow.id, ...why });
    }
  }
  return { end: [...ends.values()], build: endOf(workflows, ends) };
}

/** Whether a workflow may begin: what it waits for is over, as it wants it; one that waits for nothing may. Pure. */
export function isReady(
  { dependsOn, runsOn }: Pick<OpenWorkflow, 'dependsOn' | 'runsOn'>,
  workflows: readonly Pick<OpenWorkflow, 'name' | 'status'>[],
): boolean {
  if (dependsOn.length === 0) return true;
  const awaited = workflows.filter(({ name }) => dependsOn.includes(name));
  return awaited.every(({ status }) => isEnd(status)) && runsOn.includes(outcomeOf(awaited));
}

/** Whether a workflow is, perhaps among other things, for a failure of those that it waits for. Pure. */
export function isForFailure({ dependsOn, runsOn }: Pick<OpenWorkflow, 'dependsOn' | 'runsOn'>): boolean {
  return dependsOn.length > 0 && runsOn.includes('failure');
}

/** What other workflows are told where a step says `failure: cancel`. Pure. */
export function reasonToCancel(step: string, workflow: Pick<OpenWorkflow, 'name' | 'matrix'>): string {
  return `step ${step} of workflow ${workflowLabel(workflow)} failed`;
}

/** Whether a workflow that may begin does so after a failure: what it waits for has not all succeeded. Pure. */
export function isAfterFailure(
  { dependsOn }: Pick<OpenWorkflow, 'dependsOn'>,
  workflows: readonly Pick<OpenWorkflow, 'name' | 'status'>[],
): boolean {
  return outcomeOf(workflows.filter(({ name }) => dependsOn.includes(name))) === 'failure';
}

function whyNever(
  { dependsOn, runsOn }: OpenWorkflow,
  workflows: readonly OpenWorkflow[],
  statusOf: (workflow: OpenWorkflow) => Status,
): { readonly status: EndStatus; readonly reason: string } | null {
  if (dependsOn.length === 0) return null;
  const awaited = workflows
    .filter(({ name }) => dependsOn.includes(name))
    .map((workflow) => ({ ...workflow, status: statusOf(workflow) }));
  if (!awaited.every(({ status }) => isEnd(status)) || runsOn.includes(outcomeOf(awaited))) return null;
  const cause = awaited.find(({ status }) => status !== 'success');
  const reason =
    cause === undefined
      ? 'it runs after a failure only'
      : `workflow ${workflowLabel(cause)} ended with ${cause.status}`;
  return { status: 'skipped', reason };
}

function outcomeOf(awaited: readonly { readonly status: Status }[]): 'success' | 'failure' {
  return awaited.every(({ status }) => status === 'success') ? 'success' : 'failure';
}

function endOf(
  workflows: readonly OpenWorkflow[],
  ends: ReadonlyMap<string, WorkflowDecision['end'][number]>,
): WorkflowDecision['build'] {
  const all = workflows.map((workflow) => ({ ...workflow, ...ends.get(workflow.id) }));
  const statuses = all.map(({ status }) => status).filter(isEnd);
  if (statuses.length < all.length) return null;
  const status = worst(statuses);
  const of = all.filter((workflow) => workflow.status === status);
  const [first] = of;
  if (first === undefined || status === 'success') return { status, reason: first?.reason ?? null };
  // The reason of one workflow, or of all that were told to end, is the build's.
  if (all.length === 1 || status === 'cancelled') return { status, reason: first.reason, ...codeOf(first) };
  const more = of.length === 1 ? '' : ` (and ${of.length - 1} more)`;
  return {
    status,
    reason: `workflow ${workflowLabel(first)}: ${first.reason ?? `ended with ${status}`}${more}`,
    ...codeOf(first),
  };
}

function codeOf({ code }: OpenWorkflow): Pick<OpenWorkflow, 'code'> {
  return code === undefined ? {} : { code };
}
