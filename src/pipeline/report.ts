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

/** What a problem's sentences are filled with; what only the fix has may be worked out later, for those that are shown. */
export type Details = Readonly<Record<string, string | number | (() => string)>>;

/**
 * Collects the problems of a file and of those that it includes. Offsets count on through all of them, so that a span
 * says which file it is of. The same problem at the same place counts once. Of a file with thousands of errors, or of
 * warnings, the first of them are kept; of the rest the places are counted.
 */
export interface Report {
  /** Takes in an included file and gives the offset at which its text begins. `name` is what problems call it. */
  open(name: string, text: string): number;
  add(code: LintCode, at: { readonly span: Span; readonly path: string }, details?: Details): void;
  /** Line of an offset in its file, from 1. */
  lineOf(offset: number): number;
  /** An offset in words for somebody who reads at `from`: `line 3`, or `line 3 of ci/steps.yml`. */
  wordsFor(offset: number, from: number): string;
  hasErrors(): boolean;
  /** Sorted by file and place; cut at the limit, with a last entry that says how many are missing. */
  list(): readonly LintProblem[];
}

interface Source {
  readonly name: string;
  readonly text: string;
  /** Of its beginning and of its lines'. */
  readonly base: number;
  readonly starts: readonly number[];
}

export function createReport(file: string, text: string): Report {
  const sources: Source[] = [sourceOf(file, text, 0)];
  const kept = { error: new Map<string, Placed>(), warning: new Map<string, Placed>() };
  /** Code and offset of every problem. */
  const places = new Set<string>();
  let unkept = 0;
  const sourceAt = (offset: number): Source =>
    sources.findLast(({ base }) => base <= offset) ?? (sources[0] as Source);
  const place = ({ offset, length }: Span) => {
    const { name, text, base, starts } = sourceAt(offset);
    const at = offset - base;
    const index = lastAtOrBefore(starts, at);
    const end = (starts[index + 1] ?? text.length + 1) - 1;
    const start = starts[index] ?? 0;
    return {
      file: name,
      line: index + 1,
      column: at - start + 1,
      length: Math.max(1, Math.min(length, end - at)),
    };
  };
  const lineText = (base: number, line: number): string => {
    const { text, starts } = sourceAt(base);
    return text.slice(starts[line - 1] ?? 0, (starts[line] ?? text.length + 1) - 1);
  };
  const show = ({ base, fix, ...problem }: Placed): LintProblem => {
    const { line, column, length } = problem;
    return { ...problem, fix: fix(), excerpt: excerptOf(lineText(base, line), column - 1, length) };
  };
  return {
    open: (name, text) => {
      const last = sources[sources.length - 1] as Source;
      // One beyond its end, where a problem may stand, too.
      const base = last.base + last.text.length + 1;
      sources.push(sourceOf(name, text, base));
      return base;
    },
    add: (code, at, details = {}) => {
      const { severity, message, fix } = LINT_CATALOGUE[code];
      const problems = kept[severity];
      const isNew = places.size < places.add(`${code} ${at.span.offset}`).size;
      if (problems.size >= PIPELINE_LIMITS.keptProblems) {
        if (isNew) unkept++;
        return;
      }
      const problem: Placed = {
        severity,
        code,
        message: fill(message, details),
        fix: () => fill(fix, details),
        ...place(at.span),
        path: at.path,
        base: sourceAt(at.span.offset).base,
      };
      const key = [code, problem.base, problem.line, problem.column, problem.message].join('\0');
      if (!problems.has(key)) problems.set(key, problem);
    },
    lineOf: (offset) => place({ offset, length: 1 }).line,
    wordsFor: (offset, from) => {
      const { line } = place({ offset, length: 1 });
      const source = sourceAt(offset);
      return source === sourceAt(from) ? `line ${line}` : `line ${line} of ${source.name}`;
    },
    hasErrors: () => kept.error.size > 0,
    list: () => {
      const problems = [...kept.error.values(), ...kept.warning.values()].sort(byPlace);
      return cut(problems, unkept).map(show);
    },
  };
}

function sourceOf(name: string, text: string, base: number): Source {
  return { name, text, base, starts: lineStarts(text) };
}

/** With the offset at which its file begins. */
type Placed = Omit<LintProblem, 'excerpt' | 'fix'> & { readonly base: number; readonly fix: () => string };

const byPlace = (a: Placed, b: Placed): number => a.base - b.base || a.line - b.line || a.column - b.column;

/** Errors go before warnings where not all can be listed. */
function cut(problems: readonly Placed[], unkept: number): readonly Placed[] {
  const limit = PIPELINE_LIMITS.problems;
  const last = problems[limit];
  if (last === undefined) return problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const shown = (errors.length > 0 ? errors : problems).slice(0, limit);
  const severity = errors.length > 0 ? 'error' : 'warning';
  const { message, fix } = LINT_CATALOGUE.more_problems;
  const count = problems.length - shown.length + unkept;
  return [
    ...shown,
    { ...last, severity, code: 'more_problems', message: fill(message, { count }), fix: () => fix },
  ];
}

function fill(template: string, details: Details): string {
  return template.replace(/(?<!\$)\{(\w+)\}/g, (whole, name: string) => {
    const detail = details[name] ?? whole;
    return String(typeof detail === 'function' ? detail() : detail);
  });
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
