import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { planMatrix } from '../plan/plan-matrix.ts';
import type { Report } from '../report.ts';

/** A condition on the matrix that no combination of it fulfils: what has it never runs. */
export function checkConditions({ matrix, steps, push, deploy }: PipelineSpec, report: Report): void {
  const combinations = matrix === null ? [] : planMatrix(matrix, PIPELINE_LIMITS.workflows);
  if (combinations === null || report.hasErrors()) return;
  const conditions = [...steps, ...deploy, ...(push === null ? [] : [push])].flatMap(
    ({ when }) => when ?? [],
  );
  for (const { name, value } of conditions.flatMap((condition) => condition.matrix ?? []))
    if (!combinations.some((one) => one[name] === value.value))
      report.add('condition_never', value, { name, value: value.value });
}
