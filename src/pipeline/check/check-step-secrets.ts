import type { PipelineSpec } from '../grammar/pipeline.ts';
import { valuesOfSettings } from '../grammar/settings.ts';
import type { Condition } from '../grammar/when.ts';
import { matchesFilter } from '../match-when.ts';
import type { Report } from '../report.ts';

/** Warns of each secret of a step that pull requests run, too: what they change then runs with it. */
export function checkStepSecrets({ steps }: PipelineSpec, report: Report): void {
  for (const { name, environment, settings, when } of steps) {
    if (when !== null && !when.some(mayBePullRequest)) continue;
    for (const value of [...environment.map((entry) => entry.value), ...valuesOfSettings(settings)])
      if (typeof value.value !== 'string' && value.value.fromSecret !== '')
        report.add('secret_in_pull_request', value, { step: name.value, secret: value.value.fromSecret });
  }
}

function mayBePullRequest({ event, tag, ref }: Condition): boolean {
  const isAsked = event === null || event.includes('pull_request');
  return isAsked && tag === null && (ref === null || matchesFilter(ref, 'refs/pull/1/head'));
}
