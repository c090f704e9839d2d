import type { PlanEnvironment, PlanValue } from '../../core/plan.ts';
import type { Located } from '../report.ts';
import type { Entry } from '../shape/dictionary.ts';
import type { FillValue } from './fill-values.ts';

/** In the file's order, with variables replaced. */
export function planEnvironment(
  entries: readonly Entry<Located<PlanValue>>[],
  fill: FillValue,
): PlanEnvironment {
  return Object.fromEntries(
    entries.map(({ name, value }) => {
      const { value: own } = value;
      return [name.value, typeof own === 'string' ? fill({ ...value, value: own }).text : own];
    }),
  );
}
