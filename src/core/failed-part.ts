import type { Status } from './status.ts';

/** A step of a workflow that has ended, as far as it matters to what runs again. */
export interface EndedStep {
  readonly name: string;
  readonly status: Status;
  readonly dependsOn: readonly string[];
  /** False: `when` left it out. */
  readonly selected: boolean;
}

/**
 * Names of the steps of a workflow that run again when only what failed shall. Those that did not end green, and what
 * depends on them; and of these all that they depend on, for their files went with the workspace. A step may count on
 * the files of those that it depends on, and on no others: the rest stays green. Pure.
 */
export function stepsToRepeat(steps: readonly EndedStep[]): ReadonlySet<string> {
  const taken = steps.filter(({ selected }) => selected);
  const again = new Set(taken.filter(({ status }) => status !== 'success').map(({ name }) => name));
  grow(again, (name) => taken.filter(({ dependsOn }) => dependsOn.includes(name)).map((step) => step.name));
  const byName = new Map(steps.map((step) => [step.name, step]));
  grow(again, (name) => byName.get(name)?.dependsOn ?? []);
  return new Set(taken.filter(({ name }) => again.has(name)).map(({ name }) => name));
}

/** Adds what follows from each name, and from those. */
function grow(names: Set<string>, following: (name: string) => readonly string[]): void {
  // A set goes on with what is added to it on the way.
  for (const name of names) for (const next of following(name)) names.add(next);
}
