import { workflowNameOf } from '../names.ts';
import { entry, list, map } from '../out.ts';
import type { ReadWorkflow } from '../workflow.ts';

/**
 * Without the workflows that wait for one which is left out, also through others: Woodpecker, too, leaves out what depends
 * on a workflow that it has filtered out (https://woodpecker-ci.org/docs/usage/workflows). A dependency that is
 * `optional` goes alone.
 * @param names Of all workflows that there are. What is none of them stays, and lint names it.
 */
export function leaveOutWaiting(
  read: readonly ReadWorkflow[],
  names: ReadonlySet<string>,
): readonly ReadWorkflow[] {
  let left = read;
  for (;;) {
    const there = new Set(left.map(({ name }) => name));
    const isLost = (name: string): boolean => names.has(name) && !there.has(name);
    const kept = left.flatMap((one) => withoutLost(one, isLost, (name) => there.has(name)) ?? []);
    if (kept.length === left.length) return kept;
    left = kept;
  }
}

/** Null where it waits for one that is lost. What is optional and no workflow at all goes, too. */
function withoutLost(
  workflow: ReadWorkflow,
  isLost: (name: string) => boolean,
  isThere: (name: string) => boolean,
): ReadWorkflow | null {
  const { out, document } = workflow;
  const depends = out.entries.find(({ key }) => key === 'depends_on');
  if (depends?.value.kind !== 'list') return workflow;
  const { items, from } = depends.value;
  const needed = items.find((item) => item.kind === 'text' && isLost(workflowNameOf(item.value)));
  if (needed?.kind === 'text') {
    document.root.leaveOut(
      `it waits for \`${needed.value}\`, which never runs here, and the workflow is left out`,
      'Remove that from `depends_on`.',
    );
    return null;
  }
  const kept = items.filter((item) => {
    const name = item.kind === 'map' ? item.entries.find(({ key }) => key === 'name')?.value : undefined;
    const isKept = name?.kind !== 'text' || isThere(workflowNameOf(name.value));
    if (!isKept) item.from?.needs('no workflow of this name runs here');
    return isKept;
  });
  if (kept.length === items.length) return workflow;
  const without = out.entries.flatMap((one) => {
    if (one !== depends) return [one];
    return kept.length === 0 ? [] : [entry(one.key, list(kept, from), one.from)];
  });
  return { ...workflow, out: map(without, out.from) };
}
