import type { DependencySpec } from '../grammar/depends-on.ts';
import type { ReadWorkflow } from '../read-workflows.ts';

/**
 * The names of the workflows that have a part in the build: those that `matches` takes. None has one that needs another
 * which has none, nor one that runs after failures only where nothing of what it waits for has.
 */
export function selectWorkflows(
  workflows: readonly ReadWorkflow[],
  matches: (workflow: ReadWorkflow) => boolean,
): ReadonlySet<string> {
  const selected = new Set(workflows.filter(matches).map(({ name }) => name));
  for (let before = -1; before !== selected.size;) {
    before = selected.size;
    const dependsOn = throughWorkflows(workflows, selected);
    for (const { name, spec } of workflows) {
      const waits = (spec?.depends_on ?? []).length > 0;
      const isIdle =
        spec?.runs_on?.every(({ value }) => value === 'failure') === true && dependsOn(name).length === 0;
      if ((waits && isIdle) || lacks(spec?.depends_on ?? [], selected)) selected.delete(name);
    }
  }
  return selected;
}

/** Whether anything that has to be there is not. */
function lacks(dependencies: readonly DependencySpec[], selected: ReadonlySet<string>): boolean {
  return dependencies.some(({ name, optional }) => optional === false && !selected.has(name.value));
}

/**
 * What each selected workflow waits for: one that is left out is replaced by what it would have waited for, or by nothing
 * where it is optional.
 */
export function throughWorkflows(
  workflows: readonly ReadWorkflow[],
  selected: ReadonlySet<string>,
): (name: string) => readonly string[] {
  const byName = new Map(workflows.map((workflow) => [workflow.name, workflow]));
  const known = new Map<string, readonly string[]>();
  const resolve = (name: string): readonly string[] => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const all = new Set<string>();
    for (const dependency of byName.get(name)?.spec?.depends_on ?? []) {
      const { value } = dependency.name;
      if (selected.has(value)) all.add(value);
      else if (dependency.optional !== true) for (const one of resolve(value)) all.add(one);
    }
    const resolved = [...all];
    known.set(name, resolved);
    return resolved;
  };
  return resolve;
}
