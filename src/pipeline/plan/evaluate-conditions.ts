import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { MatrixValues } from '../../core/plan.ts';
import { evaluateExpression } from '../expression/evaluate-expression.ts';
import type { Effort } from '../expression/evaluate-expression.ts';
import type { EvaluateSpec } from '../grammar/evaluate.ts';
import type { Report } from '../report.ts';

/** All expressions of a build share one, so that no small file takes long. */
export function newEffort(): Effort {
  return { left: PIPELINE_LIMITS.expressionWork };
}

/** Whether expressions hold for a combination of a matrix; a spent effort is a problem. */
export function evaluateConditions(
  variables: Readonly<Record<string, string>>,
  matrix: MatrixValues,
  effort: Effort,
  report: Report,
): (evaluate: EvaluateSpec) => boolean {
  const valueOf = (name: string): string =>
    Object.hasOwn(matrix, name)
      ? (matrix[name] ?? '')
      : Object.hasOwn(variables, name)
        ? (variables[name] ?? '')
        : '';
  return (evaluate) => {
    if (effort.left < 0) return false;
    const holds = evaluateExpression(evaluate.expression, valueOf, effort);
    if (effort.left < 0)
      report.add('too_complex', evaluate, {
        what: 'the expressions of the build take more work',
        limit: PIPELINE_LIMITS.expressionWork,
      });
    return holds;
  };
}
