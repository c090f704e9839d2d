import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { excerptOf } from './excerpt.ts';
import { LINT_CATALOGUE } from './lint-catalogue.ts';
import type { LintCode } from './lint-catalogue.ts';
import type { LintProblem } from './lint-problem.ts';

/** A stretch of the file's text, in UTF-16 units. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A value together with where it stands. */
export interface Located<T> {
  readonly value: T;
  readonly span: Span;
  readonly path: string;
}

export type Details = Readonly<Record<string, string | number>>;

/** Collects the problems of one file. The same problem at the same place counts once. */
export interface Report {
  add(code: LintCode, at: { readonly span: Span; readonly path: string }, details?: Details): void;
  /** Line of an offset, from 1. */
  lineOf(offset: number): number;
  hasErrors(): boolean;
  /** Sorted by place; cut at the limit, with a last entry that says how many are missing. */
  list(): readonly LintProblem[];
}

export function createReport(file: string, text: string): Report {
  const starts = lineStarts(text);
  const problems = new Map<string, Placed>();
  const lineText = (line: number) => text.slice(starts[line - 1] ?? 0, (starts[line] ?? text.length + 1) - 1);
  const place = ({ offset, length }: Span) => {
    const index = lastAtOrBefore(starts, offset);
    const end = (starts[index + 1] ?? text.length + 1) - 1;
    const start = starts[index] ?? 0;
    return {
      line: index + 1,
      column: offset - start + 1,
      length: Math.max(1, Math.min(length, end - offset)),
    };
  };
  const show = (problem: Placed): LintProblem => {
    const { line, column, length } = problem;
    return { ...problem, excerpt: excerptOf(lineText(line), column - 1, length) };
  };
  return {
    add: (code, at, details = {}) => {
      const { severity, message, fix } = LINT_CATALOGUE[code];
      const problem: Placed = {
        severity,
        code,
        message: fill(message, details),
        fix: fill(fix, details),
        file,
        ...place(at.span),
        path: at.path,
      };
      const key = [code, problem.line, problem.column, problem.message].join('\0');
      if (!problems.has(key)) problems.set(key, problem);
    },
    lineOf: (offset) => place({ offset, length: 1 }).line,
    hasErrors: () => [...problems.values()].some(({ severity }) => severity === 'error'),
    list: () => cut([...problems.values()].sort(byPlace)).map(show),
  };
}

type Placed = Omit<LintProblem, 'excerpt'>;

const byPlace = (a: Placed, b: Placed): number => a.line - b.line || a.column - b.column;

/** Errors go before warnings where not all can be listed. */
function cut(problems: readonly Placed[]): readonly Placed[] {
  const limit = PIPELINE_LIMITS.problems;
  const last = problems[limit];
  if (last === undefined) return problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const shown = (errors.length > 0 ? errors : problems).slice(0, limit);
  const severity = errors.length > 0 ? 'error' : 'warning';
  const { message, fix } = LINT_CATALOGUE.more_problems;
  const count = problems.length - shown.length;
  return [...shown, { ...last, severity, code: 'more_problems', message: fill(message, { count }), fix }];
}

function fill(template: string, details: Details): string {
  return template.replace(/(?<!\$)\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? Infinity) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
