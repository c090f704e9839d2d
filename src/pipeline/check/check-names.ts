import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { MatrixValues } from '../../core/plan.ts';
import { shareName } from '../../core/split.ts';
import { serviceName, stepName } from '../format/names.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { fillValues, newBudget } from '../plan/fill-values.ts';
import { planMatrix } from '../plan/plan-matrix.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { variablesOf, type Template } from '../substitute/template.ts';
import { checkTemplate, type OwnNames } from './check-template.ts';

/** A name as the file has it, and as it is with its variables replaced; of a step that is split, with its shares. */
export interface FilledName {
  readonly name: Located<string>;
  readonly text: string;
  readonly shares?: number | undefined;
}

export type NamedKind = 'steps' | 'services';

/**
 * Names with variables: those exist, what is around them may stand in a name, and in each combination of the matrix that
 * says all of it the names are right, and no two of them one.
 */
export function checkNames({ steps, services, matrix }: PipelineSpec, own: OwnNames, report: Report): void {
  const named = [
    ...steps.map(({ name, split }) => ({ kind: 'steps' as const, name, shares: split?.value.count })),
    ...services.map(({ name }) => ({ kind: 'services' as const, name, shares: undefined })),
  ];
  const templates = new Map<Located<string>, Template>();
  for (const { kind, name } of named) {
    if (!name.value.includes('$')) continue;
    const template = checkTemplate(name, own, report);
    if (template === null) continue;
    const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
    if (isName(kind, sample)) templates.set(name, template);
    else report.add('name_wrong', name, wrongName(kind, name.value, name.value));
  }
  const combinations = matrix === null ? [{}] : (planMatrix(matrix, PIPELINE_LIMITS.workflows) ?? []);
  const isTooMuch = combinations.length * named.length > PIPELINE_LIMITS.plannedSteps;
  if (templates.size === 0 || isTooMuch || report.hasErrors()) return;
  for (const combination of combinations) {
    const known = (name: Located<string>): boolean =>
      !name.value.includes('$') ||
      variablesOf(templates.get(name) ?? []).every((variable) => Object.hasOwn(combination, variable));
    const fill = fillLocally(combination, report);
    for (const kind of ['steps', 'services'] as const) {
      const filled = named
        .filter((one) => one.kind === kind && known(one.name))
        .map((one) => ({ ...one, text: fill(one.name) }));
      if (!checkFilledNames(kind, filled, report)) return;
    }
  }
}

function fillLocally(variables: MatrixValues, report: Report): (name: Located<string>) => string {
  const fill = fillValues({ variables, event: null, budget: newBudget(), report });
  return (name) => fill(name, 1, true).text.trim();
}

/** Whether names that were filled are names, each of them once, those of shares among them; what is wrong is reported. */
export function checkFilledNames(kind: NamedKind, named: readonly FilledName[], report: Report): boolean {
  const first = new Map<string, FilledName>();
  let isRight = true;
  for (const one of named) {
    const { name, text, shares } = one;
    if (name.value !== text && !isName(kind, text)) {
      report.add('name_wrong', name, wrongName(kind, text, name.value));
      isRight = false;
      continue;
    }
    for (const each of shares === undefined ? [text] : [text, ...sharesOf(text, shares)]) {
      const earlier = first.get(each);
      if (earlier === undefined) first.set(each, one);
      else if (earlier.name.value !== earlier.text || name.value !== text) {
        const at = report.wordsFor(earlier.name.span.offset, name.span.offset);
        report.add('name_duplicate', name, { kind, name: each, first: at });
        isRight = false;
        break;
      }
    }
  }
  return isRight;
}

const sharesOf = (step: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => shareName(step, index + 1, count));

const FORMATS = { steps: stepName, services: serviceName } as const;

export const isName = (kind: NamedKind, text: string): boolean => FORMATS[kind].parse(text) !== null;

function wrongName(kind: NamedKind, text: string, written: string) {
  return {
    name: shorten(text),
    of: kind === 'steps' ? 'step' : 'service',
    from: text === written ? '' : ` (from \`${shorten(written)}\`)`,
    expected: FORMATS[kind].phrase,
  };
}
