import type { Filter } from '../grammar/when.ts';
import type { ReadWorkflow } from '../read-workflows.ts';
import { conditionsOf } from './check-conditions.ts';

/**
 * Warns of a condition on schedules that no file of the repository has. Patterns are meant for schedules to come, too, so that
 * they count where there is none at all; of files that are not known whole nothing is said.
 */
export function checkSchedulesNamed(workflows: readonly ReadWorkflow[]): void {
  if (workflows.some(({ spec, isWhole, report }) => spec === null || !isWhole || report.hasErrors())) return;
  const names = new Set(workflows.flatMap(({ spec }) => spec?.cron.map(({ name }) => name.value) ?? []));
  const fix =
    names.size === 0
      ? 'Write it under `cron` of the file: nothing else makes one.'
      : `Schedules are ${listed([...names], ', ')}.`;
  for (const { spec, report } of workflows)
    for (const { cron } of spec === null ? [] : conditionsOf(spec))
      if (cron !== null && isNever(cron.value, names))
        report.add('condition_never', cron, { cause: causeOf(cron.value), fix });
}

function isNever({ include }: Filter, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return true;
  return include.length > 0 && include.every((one) => !PATTERN.test(one) && !names.has(one));
}

const PATTERN = /[*?[{\\]/;

function causeOf({ include }: Filter): string {
  return include.length === 0 ? 'There is no schedule' : `No schedule is named ${listed(include, ' or ')}`;
}

function listed(names: readonly string[], between: string): string {
  const some = names.slice(0, 10).map((one) => `\`${one}\``);
  return `${some.join(between)}${names.length > some.length ? ' …' : ''}`;
}
