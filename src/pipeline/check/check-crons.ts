import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { isTimezone, nextCronTime, whyNoCronTime } from '../cron-time.ts';
import type { CronSpec } from '../grammar/cron.ts';
import type { ReadWorkflow } from '../read-workflows.ts';
import type { Report } from '../report.ts';

/** From here a time that ever comes is looked for: the same for each check of a file. */
const FROM_MS = Date.UTC(2024, 0, 1);

/** Each schedule of a repository has a name and a zone, and comes. Finding the last out takes time, so that there are not many. */
export function checkCrons(workflows: readonly ReadWorkflow[]): void {
  const first = new Map<string, { readonly file: string; readonly line: number }>();
  let count = 0;
  for (const { file, spec, report } of workflows)
    for (const one of spec?.cron ?? []) {
      count += 1;
      if (count > PIPELINE_LIMITS.crons)
        return report.add('too_complex', one.name, {
          what: 'the repository has more schedules',
          limit: PIPELINE_LIMITS.crons,
        });
      const other = first.get(one.name.value);
      const line = report.lineOf(one.name.span.offset);
      if (other === undefined) first.set(one.name.value, { file, line });
      else
        report.add('name_duplicate', one.name, {
          kind: 'schedules',
          name: one.name.value,
          first: other.file === file ? `line ${other.line}` : `line ${other.line} of ${other.file}`,
        });
      checkTime(one, report);
    }
}

function checkTime({ schedule, timezone }: CronSpec, report: Report): void {
  if (schedule.value === '' || timezone.value === '') return;
  const isKnown = isTimezone(timezone.value);
  if (!isKnown) report.add('timezone_unknown', timezone, { zone: timezone.value });
  const time = { expression: schedule.value, timezone: isKnown ? timezone.value : 'UTC' };
  const why = whyNoCronTime(time.expression);
  if (nextCronTime(time, FROM_MS) === null)
    report.add('cron_never', schedule, {
      schedule: schedule.value,
      zone: time.timezone === 'UTC' ? '' : ` in ${time.timezone}`,
      why: why === null ? '' : `: ${why}`,
    });
}
