import type { PlanValue } from '../../core/plan.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { valuesOfSettings } from '../grammar/settings.ts';
import type { Located, Report } from '../report.ts';
import type { Entry } from '../shape/dictionary.ts';
import { checkTemplate } from './check-template.ts';
import type { OwnNames } from './check-template.ts';

type Entries = readonly Entry<Located<PlanValue>>[];

/** Slipway's own variables stay its own; those that values take exist. */
export function checkEnvironments(
  { image, services, steps, deploy }: PipelineSpec,
  own: OwnNames,
  report: Report,
): void {
  for (const { environment } of [...services, ...steps]) {
    for (const { name } of environment)
      if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(name.value))
        report.add('variable_reserved', name, { name: name.value });
    checkEntries(environment, own, report);
  }
  for (const { settings } of steps) checkValues(valuesOfSettings(settings), own, report);
  for (const { env } of deploy) checkEntries(env, own, report);
  if (image !== null && image.value !== 'none') checkEntries(image.value.args, own, report);
}

function checkEntries(entries: Entries, own: OwnNames, report: Report): void {
  checkValues(
    entries.map(({ value }) => value),
    own,
    report,
  );
}

function checkValues(values: readonly Located<PlanValue>[], own: OwnNames, report: Report): void {
  for (const value of values) {
    if (typeof value.value !== 'string') continue;
    checkTemplate({ ...value, value: value.value }, own, report);
    const [, text] = /(?:^|[^$])(\$CI_\w{1,60})/.exec(value.value) ?? [];
    if (text !== undefined) report.add('variable_literal', value, { text });
  }
}
