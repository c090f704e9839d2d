import { dependency } from './dependency.ts';
import { workflowNameOf } from './names.ts';
import { entry, list, map } from './out.ts';
import type { Out, OutEntry, OutMap } from './out.ts';

/**
 * Says of a workflow, or of a step, that an event may leave out that those which wait for it are then left out, too, as
 * GitHub, GitLab and Woodpecker have it: here they would wait for what it would have waited for.
 * @param needs Whether one is left out without the other.
 * @param nameOf What is waited for, by how it is written.
 */
export function needThere<One extends { readonly name: string; readonly out: OutMap }>(
  read: readonly One[],
  needs: (one: One, other: One) => boolean = () => true,
  nameOf = workflowNameOf,
): readonly One[] {
  const left = [...read];
  // Of several with one name the first.
  const places = new Map([...read.entries()].reverse().map(([index, { name }]) => [name, index]));
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const [index, one] of left.entries()) {
      const out = mark(one.out, (named) => {
        const other = left[places.get(nameOf(named)) ?? -1];
        return other !== undefined && needs(one, other) ? other.out : undefined;
      });
      if (out === one.out) continue;
      left[index] = { ...one, out };
      isChanged = true;
    }
  }
  return left;
}

/** The same where nothing is to be said. */
function mark(out: OutMap, find: (name: string) => OutMap | undefined): OutMap {
  const depends = entryOf(out, 'depends_on');
  if (depends?.value.kind !== 'list') return out;
  const items = depends.value.items.map((item) => {
    const target = item.kind === 'text' ? find(item.value) : undefined;
    if (item.kind !== 'text' || target === undefined || !mayBeMissing(target, out)) return item;
    return dependency(item.value, false, item.from);
  });
  if (items.every((item, index) => depends.value.kind === 'list' && item === depends.value.items[index]))
    return out;
  const marked = entry('depends_on', list(items, depends.value.from), depends.from);
  return map(
    out.entries.map((one) => (one === depends ? marked : one)),
    out.from,
  );
}

/** Whether there are events that leave out the one and not the other. */
function mayBeMissing(target: OutMap, other: OutMap): boolean {
  const when = entryOf(target, 'when');
  const isOwn = when !== undefined && !isWithin(when.value, entryOf(other, 'when')?.value);
  const depends = entryOf(target, 'depends_on')?.value;
  const needs = depends?.kind === 'list' && depends.items.some((item) => isNeeded(item));
  const outcomes = entryOf(target, 'runs_on')?.value;
  return isOwn || needs || (outcomes !== undefined && !said(outcomes).includes('success'));
}

/** Whether the second condition asks for all that the first asks for; of lists, each at its place. */
function isWithin(some: Out, more: Out | undefined): boolean {
  if (some.kind === 'map' && more?.kind === 'map')
    return some.entries.every(({ key, value }) => said(value) === said(entryOf(more, key)?.value));
  if (some.kind === 'list' && more?.kind === 'list')
    return (
      some.items.length === more.items.length &&
      some.items.every((item, index) => isWithin(item, more.items[index]))
    );
  return said(some) === said(more);
}

function isNeeded(item: Out): boolean {
  const optional = item.kind === 'map' ? entryOf(item, 'optional')?.value : undefined;
  return optional?.kind === 'text' && optional.value === 'false';
}

function entryOf({ entries }: OutMap, key: string): OutEntry | undefined {
  return entries.find((one) => one.key === key);
}

/** What is written, wherever it comes from. */
function said(out: Out | undefined): string {
  return JSON.stringify(out, (key, value: unknown) => (key === 'from' ? undefined : value)) ?? '';
}
