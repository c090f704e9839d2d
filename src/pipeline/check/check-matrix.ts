import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { MatrixSpec } from '../grammar/matrix.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { countCombinations, planMatrix } from '../plan/plan-matrix.ts';
import type { Located, Report } from '../report.ts';

/** Its variables are nobody else's, it has combinations, and not too many; what is excluded is in it. */
export function checkMatrix({ matrix, steps, services }: PipelineSpec, report: Report): void {
  if (matrix === null) return;
  const at = placeOf(matrix);
  for (const name of matrixNames(matrix)) checkName(name, report);
  checkExcluded(matrix, report);
  const combinations = planMatrix(matrix, PIPELINE_LIMITS.workflows);
  if (combinations === null)
    report.add('too_complex', at, {
      what: `its matrix has ${countCombinations(matrix)}, more`,
      limit: PIPELINE_LIMITS.workflows,
    });
  else if (combinations.length === 0) report.add('matrix_empty', at);
  else {
    const count = combinations.length * (steps.length + services.length);
    const limit = PIPELINE_LIMITS.plannedSteps;
    if (count > limit)
      report.add('too_complex', at, { what: `its matrix makes ${count} steps and services, more`, limit });
  }
}

/** Each variable of the matrix, where it is written first. */
export function matrixNames({ axes, include }: MatrixSpec): readonly Located<string>[] {
  const written = [
    ...axes.map(({ name }) => name),
    ...include.flatMap(({ value }) => value.map(({ name }) => name)),
  ];
  return [...new Map(written.toReversed().map((name) => [name.value, name])).values()].toReversed();
}

function placeOf({ axes, include, exclude }: MatrixSpec): Located<unknown> | typeof START {
  return axes[0]?.name ?? include[0] ?? exclude[0] ?? START;
}

const START = { span: { offset: 0, length: 1 }, path: '' };

function checkName(name: Located<string>, report: Report): void {
  if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(name.value))
    report.add('variable_reserved', name, { name: name.value });
}

/** What excludes nothing was meant otherwise. */
function checkExcluded({ axes, exclude }: MatrixSpec, report: Report): void {
  for (const { value } of exclude)
    for (const { name, value: wanted } of value) {
      const axis = axes.find((one) => one.name.value === name.value);
      if (axis?.value.some((one) => one.value === wanted.value) !== true)
        report.add('matrix_excludes_nothing', wanted, { name: name.value, value: wanted.value });
    }
}
