import type { PlanValue } from '../../core/plan.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { valuesOfSettings } from '../grammar/settings.ts';
import type { Condition } from '../grammar/when.ts';
import { matchesFilter } from '../match-when.ts';
import type { Located, Report } from '../report.ts';

/**
 * Warns of each secret that pull requests can read, too: in a step that they run, in a service, which runs whenever a step
 * does, and in the build of the image. What they change then runs with it.
 */
export function checkSecrets({ image, services, steps, when }: PipelineSpec, report: Report): void {
  if (!mayRun(when)) return;
  const open = steps.filter((step) => mayRun(step.when));
  for (const { name, environment, settings } of open)
    for (const value of [...valuesOf(environment), ...valuesOfSettings(settings)])
      warn(`The step \`${name.value}\``, 'Narrow its `when`', value, report);
  if (open.length > 0)
    for (const { name, environment } of services)
      for (const value of valuesOf(environment))
        warn(
          `The service \`${name.value}\``,
          'Narrow the `when` of the file, or of all its steps',
          value,
          report,
        );
  if (image === null || image.value === 'none') return;
  for (const { value, span, path } of image.value.secrets)
    warn(
      'The build of the image',
      'Narrow the `when` of the file',
      { value: { fromSecret: value }, span, path },
      report,
    );
}

function warn(what: string, how: string, { value, ...at }: Located<PlanValue>, report: Report): void {
  if (typeof value === 'string' || value.fromSecret === '') return;
  report.add('secret_in_pull_request', at, { what, how, secret: value.fromSecret });
}

function valuesOf(
  environment: readonly { readonly value: Located<PlanValue> }[],
): readonly Located<PlanValue>[] {
  return environment.map(({ value }) => value);
}

/** Whether a pull request may meet one of the conditions; without any it does. */
function mayRun(when: readonly Condition[] | null): boolean {
  return when === null || when.some(mayBePullRequest);
}

function mayBePullRequest({ event, tag, ref }: Condition): boolean {
  const isAsked = event === null || event.includes('pull_request');
  return isAsked && tag === null && (ref === null || matchesFilter(ref.value, 'refs/pull/1/head'));
}
