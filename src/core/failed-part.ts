import type { Status } from './status.ts';

type Outcomes = readonly ('success' | 'failure')[];

/** A workflow of a build that has ended, as far as it matters to what runs again. */
export interface EndedWorkflow {
  /** The combinations of a matrix share it. */
  readonly name: string;
  readonly status: Status;
  readonly dependsOn: readonly string[];
}

/** A step of a workflow that has ended, as far as it matters to what runs again. */
export interface EndedStep extends EndedWorkflow {
  /** Which outcome of the steps so far lets it run. */
  readonly runsOn: Outcomes;
  /** False: `when` left it out. */
  readonly selected: boolean;
}

/** How much of a workflow runs again: nothing, since it was green; what failed of it; or all. */
export type WorkflowScope = 'none' | 'part' | 'whole';

/**
 * How much of each workflow of a build runs again when only what failed shall, in their order. One whose `depends_on`
 * runs again, also through others, runs whole, green or not: it may end another way now, or not run at all. Pure.
 */
export function workflowsToRepeat(workflows: readonly EndedWorkflow[]): readonly WorkflowScope[] {
  // Where one was skipped, what it waited for had failed, or is as it was: nothing follows from it.
  const failed = workflows.filter(({ status }) => status !== 'success' && status !== 'skipped');
  const dependents = dependentsOf(workflows);
  const followsOf = (name: string) => (dependents.get(name) ?? []).map((workflow) => workflow.name);
  const after = reached(
    failed.flatMap(({ name }) => followsOf(name)),
    followsOf,
  );
  return workflows.map(({ name, status }) =>
    after.has(name) ? 'whole' : status === 'success' ? 'none' : 'part',
  );
}

/** Whether it is there for failures alone: only the run itself tells whether its turn comes. */
export function isForFailures({ runsOn }: { readonly runsOn: Outcomes }): boolean {
  return !runsOn.includes('success');
}

/**
 * Names of the steps of a workflow that run again when only what failed shall. Those that did not end green, and what
 * depends on them; and of these all that they depend on, for their files went with the workspace. A step may count on
 * the files of those that it depends on, and on no others: the rest stays green. Steps for failures alone are always
 * among them, to be decided on anew, and cause nothing else to run. Pure.
 */
export function stepsToRepeat(steps: readonly EndedStep[]): ReadonlySet<string> {
  const taken = steps.filter(({ selected }) => selected);
  const forFailures = new Set(taken.filter(isForFailures).map(({ name }) => name));
  const red = taken.filter(({ name, status }) => status !== 'success' && !forFailures.has(name));
  const dependents = dependentsOf(taken);
  const after = reached(
    red.map(({ name }) => name),
    (name) => (dependents.get(name) ?? []).map((step) => step.name),
  );
  const byName = new Map(steps.map((step) => [step.name, step]));
  const again = reached(
    [...after].filter((name) => !forFailures.has(name)),
    (name) => byName.get(name)?.dependsOn ?? [],
  );
  return new Set(
    taken.filter(({ name }) => again.has(name) || forFailures.has(name)).map(({ name }) => name),
  );
}

/** By the name of what is depended on. */
function dependentsOf<N extends EndedWorkflow>(nodes: readonly N[]): ReadonlyMap<string, readonly N[]> {
  const dependents = new Map<string, N[]>();
  for (const node of nodes)
    for (const name of node.dependsOn) {
      const known = dependents.get(name);
      if (known === undefined) dependents.set(name, [node]);
      else known.push(node);
    }
  return dependents;
}

/** The names with what follows from each, and from those. */
function reached(
  names: readonly string[],
  following: (name: string) => readonly string[],
): ReadonlySet<string> {
  const found = new Set(names);
  // A set goes on with what is added to it on the way.
  for (const name of found) for (const next of following(name)) found.add(next);
  return found;
}
