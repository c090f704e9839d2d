import type { PlanValue } from '../../core/plan.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Located, Report } from '../report.ts';
import type { Entry } from '../shape/dictionary.ts';

type Entries = readonly Entry<Located<PlanValue>>[];

/** Slipway's own variables stay its own; what looks like a substitution is none. */
export function checkEnvironments({ image, services, steps, deploy }: PipelineSpec, report: Report): void {
  for (const { environment } of [...services, ...steps]) {
    for (const { name } of environment)
      if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(name.value))
        report.add('variable_reserved', name, { name: name.value });
    checkLiterals(environment, report);
  }
  for (const { env } of deploy) checkLiterals(env, report);
  checkLiterals(image?.args ?? [], report);
}

function checkLiterals(entries: Entries, report: Report): void {
  for (const { value } of entries) {
    const [text] = typeof value.value === 'string' ? (/\$\{?CI_\w{1,60}\}?/.exec(value.value) ?? []) : [];
    if (text !== undefined) report.add('variable_literal', value, { text });
  }
}
