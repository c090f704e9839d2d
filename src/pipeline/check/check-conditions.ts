import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Condition } from '../grammar/when.ts';
import { planMatrix } from '../plan/plan-matrix.ts';
import type { Report } from '../report.ts';
import { checkRef } from './check-ref.ts';

/** Conditions that never hold, whatever happens and whatever other files say: what has one never runs. */
export function checkConditions(spec: PipelineSpec, report: Report): void {
  const { matrix } = spec;
  const combinations = matrix === null ? [] : planMatrix(matrix, PIPELINE_LIMITS.workflows);
  if (combinations === null || report.hasErrors()) return;
  for (const condition of conditionsOf(spec)) {
    for (const { name, value } of condition.matrix ?? [])
      if (!combinations.some((one) => one[name] === value.value))
        report.add('condition_never', value, {
          cause: `No combination of the matrix has \`${name}: ${value.value}\``,
          fix: 'Write a variable of the matrix and one of its values.',
        });
    checkEvents(condition, report);
    checkRef(condition, report);
  }
}

/** Those of the file and of all that is in it. */
export function conditionsOf({ when, steps, push, deploy }: PipelineSpec): readonly Condition[] {
  const parts = [{ when }, ...steps, ...deploy, ...(push === null ? [] : [push])];
  return parts.flatMap((part) => part.when ?? []);
}

/** A tag and a schedule are each of one event alone. */
function checkEvents({ event, tag, cron }: Condition, report: Report): void {
  if (tag !== null && event?.includes('tag') === false)
    report.add('condition_never', tag, {
      cause: 'Only the event `tag` has a tag, and `event` does not name it',
      fix: 'Write `event: tag`, or remove one of them.',
    });
  else if (cron !== null && event?.includes('cron') === false)
    report.add('condition_never', cron, {
      cause: 'Only the event `cron` has a schedule, and `event` does not name it',
      fix: 'Write `event: cron`, or remove one of them.',
    });
  else if (tag !== null && cron !== null)
    report.add('condition_never', cron, {
      cause: 'No build is both of a tag and by the clock',
      fix: 'Write two conditions, of which one is enough.',
    });
}
