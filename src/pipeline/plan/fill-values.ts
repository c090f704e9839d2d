import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { RepositoryEvent } from '../../core/event.ts';
import type { Located, Report } from '../report.ts';
import { expandParts } from '../substitute/expand-template.ts';
import type { Budget } from '../substitute/expand-template.ts';
import { parseTemplate } from '../substitute/parse-template.ts';

/** A value with its variables replaced; `missing` are those that were taken as they are and have no value. */
export interface Filled {
  readonly text: string;
  /** What each part of its template stands for, in turn. */
  readonly parts: readonly string[];
  readonly missing: readonly string[];
}

/**
 * `times`: how often the plan has the value. `isQuiet`: what `${NAME:?}` asks for may be missing, as in what this event
 * leaves out.
 */
export type FillValue = (value: Located<string>, times?: number, isQuiet?: boolean) => Filled;

export interface Filling {
  readonly variables: Readonly<Record<string, string>>;
  /** What happened, for messages; null: nothing yet. */
  readonly event: RepositoryEvent | null;
  readonly budget: Budget;
  readonly report: Report;
}

/** All values of a build share one, so that no small file makes a large plan or takes long. */
export function newBudget(): Budget {
  return {
    characters: PIPELINE_LIMITS.substitutedCharacters,
    work: PIPELINE_LIMITS.substitutionWork,
  };
}

/**
 * Replaces variables by their values, in values that were checked. A needed variable without a value is a problem, and
 * so is a budget that is spent.
 */
export function fillValues({ variables, event, budget, report }: Filling): FillValue {
  return (value, times = 1, isQuiet = false) => {
    if (!value.value.includes('$')) return asWritten(value);
    const { template } = parseTemplate(value.value);
    if (template === null || isSpent(budget)) return { text: '', parts: [], missing: [] };
    const before = budget.characters;
    const valueOf = (name: string) => (Object.hasOwn(variables, name) ? (variables[name] ?? null) : null);
    const { parts, missing, needed } = expandParts(template, valueOf, budget);
    for (const { name, message } of isQuiet ? [] : needed)
      report.add('variable_needed', value, {
        name,
        event: event?.kind ?? 'build',
        message: message === '' ? '' : `: ${message}`,
      });
    budget.characters -= (before - budget.characters) * (times - 1);
    reportSpent(budget, value, report);
    return { text: parts.join(''), parts, missing };
  };
}

/** A value in which nothing is replaced. */
export const asWritten: FillValue = ({ value }) => ({ text: value, parts: [value], missing: [] });

const isSpent = ({ characters, work }: Budget): boolean => characters < 0 || work < 0;

function reportSpent(budget: Budget, value: Located<string>, report: Report): void {
  if (!isSpent(budget)) return;
  const [what, limit] =
    budget.characters < 0
      ? ['its variables stand for more characters', PIPELINE_LIMITS.substitutedCharacters]
      : ['its variables take more comparisons', PIPELINE_LIMITS.substitutionWork];
  report.add('too_complex', value, { what, limit });
}
