import type { DependencySpec } from '../grammar/depends-on.ts';
import type { StepSpec } from '../grammar/steps.ts';
import { matchStep } from '../match-when.ts';
import type { Occasion, Outcome } from '../match-when.ts';

/** Which steps an event selects, and what each of them waits for. */
export interface StepOrder {
  /** Outcomes of the steps before that let it run; null: it is skipped. By the name that the file has, as all here. */
  runsOn(name: string): readonly Outcome[] | null;
  /** Selected steps alone. */
  dependsOn(name: string): readonly string[];
}

type Dependencies = ReadonlyMap<string, readonly DependencySpec[]>;

/** A step that is skipped is replaced by what it would have waited for, so that the order stays; or as `optional` says. */
export function orderSteps(steps: readonly StepSpec[], occasion: Occasion): StepOrder {
  const dependencies = dependenciesOf(steps);
  const outcomes = outcomesOf(steps, dependencies, occasion);
  const runsOn = (name: string): readonly Outcome[] | null => outcomes.get(name) ?? null;
  return { runsOn, dependsOn: through(dependencies, (name) => runsOn(name) !== null) };
}

/** As in Woodpecker: one after another, until any step says `depends_on`; then those without start at once. */
function dependenciesOf(steps: readonly StepSpec[]): Dependencies {
  const isGraph = steps.some(({ depends_on }) => depends_on !== null);
  return new Map(
    steps.map((step, index) => {
      const before = steps[index - 1];
      const implicit = isGraph || before === undefined ? [] : [{ name: before.name, optional: null }];
      return [step.name.value, step.depends_on ?? implicit];
    }),
  );
}

/** What `when` says of each; a step that needs one that is skipped is skipped, too. */
function outcomesOf(
  steps: readonly StepSpec[],
  dependencies: Dependencies,
  occasion: Occasion,
): ReadonlyMap<string, readonly Outcome[] | null> {
  const own = new Map(steps.map(({ name, when }) => [name.value, matchStep(when, occasion)]));
  const known = new Map<string, readonly Outcome[] | null>();
  const outcomeOf = (name: string): readonly Outcome[] | null => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const needed = (dependencies.get(name) ?? []).filter(({ optional }) => optional === false);
    const isThere = needed.every((one) => outcomeOf(one.name.value) !== null);
    const outcome = isThere ? (own.get(name) ?? null) : null;
    known.set(name, outcome);
    return outcome;
  };
  for (const { name } of steps) outcomeOf(name.value);
  return known;
}

function through(
  dependencies: Dependencies,
  isSelected: (name: string) => boolean,
): (name: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  const resolve = (name: string): readonly string[] => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const all = new Set<string>();
    for (const { name: dependency, optional } of dependencies.get(name) ?? [])
      if (isSelected(dependency.value)) all.add(dependency.value);
      else if (optional !== true) for (const one of resolve(dependency.value)) all.add(one);
    const resolved = [...all];
    known.set(name, resolved);
    return resolved;
  };
  return resolve;
}
