import { nameText } from '../names.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import type { ReadStep } from './step.ts';

/**
 * Steps as our file has them. One that can never run here is left out, and who waited for it waits for what it would
 * have waited for. Old `group`s become `depends_on`.
 * @param isVariable Names of variables that names may have.
 */
export function orderSteps(
  steps: readonly ReadStep[],
  isVariable: (name: string) => boolean,
): readonly Out[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const isGraph = steps.some(({ dependsOn }) => dependsOn !== null);
  const isGrouped = !isGraph && steps.some(({ group }) => group !== null);
  const waits = (step: ReadStep): readonly string[] =>
    isGrouped
      ? beforeGroup(steps, step)
      : (step.dependsOn ?? []).flatMap(({ name, from }) => {
          if (name !== 'clone' || byName.has(name)) return [name];
          from.needs('the commit is checked out before all steps');
          return [];
        });
  const through = (name: string, seen: ReadonlySet<string>): readonly string[] => {
    const step = byName.get(name);
    if (step === undefined || (step.when?.kind !== 'never' && !step.isDetached)) return [name];
    return waits(step).flatMap((one) => (seen.has(one) ? [] : through(one, new Set([...seen, one]))));
  };
  return steps
    .filter((step) => step.when?.kind !== 'never' && !step.isDetached)
    .map((step) => {
      const depends =
        step.dependsOn === null && !isGrouped
          ? null
          : [...new Set(waits(step).flatMap((one) => through(one, new Set([one]))))];
      return map(
        [
          entry('name', text(nameText(step.name, isVariable), step.from), step.from),
          ...step.entries.filter((one) => one?.key === 'image'),
          depends === null ? null : dependsEntry(depends, step, isVariable),
          step.when?.kind === 'when' ? entry('when', step.when.value, step.from.get('when') ?? null) : null,
          step.environment,
          ...step.entries,
        ],
        step.from,
      );
    });
}

function dependsEntry(
  names: readonly string[],
  { dependsOn, dependsFrom }: ReadStep,
  isVariable: (name: string) => boolean,
): OutEntry {
  const items = names.map((name) =>
    text(nameText(name, isVariable), dependsOn?.find((one) => one.name === name)?.from ?? dependsFrom),
  );
  return entry('depends_on', list(items, dependsFrom), dependsFrom);
}

/** All of the group before; a step without a group is a group of its own. */
function beforeGroup(steps: readonly ReadStep[], step: ReadStep): readonly string[] {
  let before: string[] = [];
  let current: string[] = [];
  let group: string | null = null;
  for (const one of steps) {
    if (current.length > 0 && (one.group === null || one.group !== group)) {
      before = current;
      current = [];
    }
    if (one === step) return before;
    current.push(one.name);
    ({ group } = one);
  }
  return before;
}
