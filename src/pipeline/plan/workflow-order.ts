import type { ReadWorkflow } from '../read-workflows.ts';

/** What each selected workflow waits for: one that is left out is replaced by what it would have waited for. */
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
    for (const { value } of byName.get(name)?.spec?.depends_on ?? [])
      for (const one of selected.has(value) ? [value] : resolve(value)) all.add(one);
    const resolved = [...all];
    known.set(name, resolved);
    return resolved;
  };
  return resolve;
}
