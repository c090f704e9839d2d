import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { MatrixValues } from '../../core/plan.ts';
import { isImageReference } from '../format/images.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Condition } from '../grammar/when.ts';
import { fillValues, newBudget } from '../plan/fill-values.ts';
import { planMatrix } from '../plan/plan-matrix.ts';
import { planReference } from '../plan/plan-reference.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { variablesOf, type Template } from '../substitute/template.ts';
import { matrixNames } from './check-matrix.ts';
import { checkTemplate, type OwnNames } from './check-template.ts';

/** The images that steps and services name are some, in each combination of the matrix that says all of one. */
export function checkReferences(
  { steps, services, matrix }: PipelineSpec,
  own: OwnNames,
  report: Report,
): void {
  const combinations = matrix === null ? [] : (planMatrix(matrix, PIPELINE_LIMITS.workflows) ?? []);
  const ofMatrix = new Set(matrix === null ? [] : matrixNames(matrix).map(({ value }) => value));
  const isTooMuch = combinations.length * (steps.length + services.length) > PIPELINE_LIMITS.plannedSteps;
  const budget = newBudget();
  const named = [...services.map(({ image }) => ({ image, when: null })), ...steps];
  for (const { image, when } of named) {
    const template = image === null ? null : checkReference(image, own, report);
    if (image === null || template === null || isTooMuch) continue;
    const variables = variablesOf(template);
    if (variables.length === 0 || !variables.every((name) => ofMatrix.has(name))) continue;
    // A combination of `include` alone may lack a variable that others have.
    for (const values of combinations.filter((one) => mayRunIn(when, one))) {
      const fill = fillValues({ variables: values, event: null, budget, report });
      planReference(image, (value) => fill(value, 1, true), report);
    }
  }
}

/** Variables stand for text that is known later; what is around them is held against the rules as if they were `x`. */
function checkReference(image: Located<string>, own: OwnNames, report: Report): Template | null {
  if (image.value === '') return null;
  const template = checkTemplate(image, own, report);
  if (template === null) return null;
  const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  if (!isImageReference(sample)) {
    report.add('image_wrong', image, { image: shorten(image.value), cause: '' });
    return null;
  }
  if (isMutable(sample)) report.add('image_mutable', image, { image: image.value });
  return template;
}

function isMutable(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

/** Whether a step runs in the combination, as far as its conditions on `matrix` tell. */
function mayRunIn(when: readonly Condition[] | null, combination: MatrixValues): boolean {
  return (
    when === null ||
    when.some(({ matrix }) => matrix?.every(({ name, value }) => combination[name] === value.value) ?? true)
  );
}
