import { dependency } from '../dependency.ts';
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
  const waits = (step: ReadStep): readonly Wait[] =>
    isGrouped
      ? beforeGroup(steps, step).map((name) => ({ name, isOptional: false }))
      : (step.dependsOn ?? []).flatMap((one) => {
          if (byName.has(one.name)) return [one];
          if (one.isOptional) one.from.needs('there is no such step');
          else if (one.name === 'clone') one.from.needs('the commit is checked out before all steps');
          else return [one];
          return [];
        });
  const through = (wait: Wait, seen: ReadonlySet<string>): readonly Wait[] => {
    const step = byName.get(wait.name);
    if (step === undefined || (step.when?.kind !== 'never' && !step.isDetached)) return [wait];
    if (wait.isOptional && !step.isDetached) return [];
    return waits(step).flatMap((one) =>
      seen.has(one.name) ? [] : through(one, new Set([...seen, one.name])),
    );
  };
  return steps
    .filter((step) => step.when?.kind !== 'never' && !step.isDetached)
    .map((step) => {
      const depends =
        step.dependsOn === null && !isGrouped
          ? null
          : onceEach(waits(step).flatMap((one) => through(one, new Set([one.name]))));
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

/** What a step waits for, itself or in the place of what it names. */
interface Wait {
  readonly name: string;
  readonly isOptional: boolean;
}

/** What is waited for in any case is not optional. */
function onceEach(waits: readonly Wait[]): readonly Wait[] {
  const byName = new Map<string, Wait>();
  for (const one of waits) if (byName.get(one.name)?.isOptional !== false) byName.set(one.name, one);
  return [...byName.values()];
}

function dependsEntry(
  waits: readonly Wait[],
  { dependsOn, dependsFrom }: ReadStep,
  isVariable: (name: string) => boolean,
): OutEntry {
  const items = waits.map(({ name, isOptional }) => {
    const from = dependsOn?.find((one) => one.name === name)?.from ?? dependsFrom;
    return dependency(nameText(name, isVariable), isOptional ? true : null, from);
  });
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
