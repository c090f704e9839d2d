import type { PlanEnvironment, PlanValue } from '../../core/plan.ts';
import type { Located } from '../report.ts';
import type { Entry } from '../shape/dictionary.ts';

/** In the file's order. */
export function planEnvironment(entries: readonly Entry<Located<PlanValue>>[]): PlanEnvironment {
  return Object.fromEntries(entries.map(({ name, value }) => [name.value, value.value]));
}
