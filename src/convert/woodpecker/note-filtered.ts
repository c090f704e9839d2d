import type { Out } from '../out.ts';
import { map, list } from '../out.ts';
import { holdsInAll } from './service-when.ts';
import type { ReadStep } from './step.ts';

/**
 * Notes where a step waits for one that an event may leave out without it: Woodpecker then makes no build
 * (`ErrStepFilteredDependency` of its compiler).
 * @param ofFile The `when` of the workflow; null where it has none.
 */
export function noteFiltered(steps: readonly ReadStep[], ofFile: Out | null): void {
  const byName = new Map(steps.map((step) => [step.name, step]));
  for (const step of steps) {
    if (step.when?.kind === 'never') continue;
    for (const { name, from, isOptional } of step.dependsOn ?? []) {
      const other = byName.get(name);
      if (other === undefined || isOptional || isThere(other, step, ofFile)) continue;
      from.changes(
        `where an event leaves out \`${name}\`, the build is an error there, and here what \`${name}\` would have waited for takes its place`,
        'Write the same `when` for both, or `optional: true` where nothing is to be waited for then.',
      );
    }
  }
}

/** Whether each build that has the one has the other. */
function isThere(other: ReadStep, { when }: ReadStep, ofFile: Out | null): boolean {
  if (other.when === null) return true;
  if (other.when.kind === 'never') return false;
  const wanted = withoutStatus(other.when.value);
  const own = when?.kind === 'when' ? when.value : null;
  return holdsInAll(wanted, own) || holdsInAll(wanted, ofFile);
}

/** What the steps before came to leaves no step out of a build. */
function withoutStatus(value: Out): Out {
  if (value.kind === 'list') return list(value.items.map(withoutStatus), value.from);
  if (value.kind !== 'map') return value;
  return map(
    value.entries.filter(({ key }) => key !== 'status'),
    value.from,
  );
}
