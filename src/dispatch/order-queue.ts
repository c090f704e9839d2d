/** A workflow that waits for a place. */
export interface WaitingWorkflow {
  readonly id: string;
  readonly projectId: string;
  /** On its project's default branch. */
  readonly onDefaultBranch: boolean;
}

/** How a project stands in the competition for places. */
export interface ProjectLoad {
  /** Workflows of it that run or are placed. */
  readonly running: number;
  /** When one of its workflows last got a place (epoch ms); 0 for never. */
  readonly servedAtMs: number;
}

/**
 * The order in which waiting workflows get places. Pure. Between projects: the one with fewer running first, and
 * each workflow ahead in a project's own queue counts as running; at the same load the project that was served
 * longest ago. So with 1,000 waiting in one, another's first takes the next free place. Inside a project the
 * default branch goes first, then the oldest (ids are ordered by time).
 */
export function orderQueue<W extends WaitingWorkflow>(
  waiting: readonly W[],
  loads: ReadonlyMap<string, ProjectLoad>,
): readonly W[] {
  const ranked = [...groupByProject(waiting)].flatMap(([projectId, own]) => {
    const { running, servedAtMs } = loads.get(projectId) ?? { running: 0, servedAtMs: 0 };
    return own.sort(inProject).map((workflow, rank) => ({ workflow, load: running + rank, servedAtMs }));
  });
  return ranked
    .sort(
      (a, b) => a.load - b.load || a.servedAtMs - b.servedAtMs || (a.workflow.id < b.workflow.id ? -1 : 1),
    )
    .map(({ workflow }) => workflow);
}

function groupByProject<W extends WaitingWorkflow>(waiting: readonly W[]): Map<string, W[]> {
  const groups = new Map<string, W[]>();
  for (const workflow of waiting) {
    const group = groups.get(workflow.projectId);
    if (group === undefined) groups.set(workflow.projectId, [workflow]);
    else group.push(workflow);
  }
  return groups;
}

function inProject(a: WaitingWorkflow, b: WaitingWorkflow): number {
  return Number(b.onDefaultBranch) - Number(a.onDefaultBranch) || (a.id < b.id ? -1 : 1);
}
