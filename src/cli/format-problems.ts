import type { styleText } from 'node:util';
import type { LintProblemView } from '../core/views/lint-view.ts';
import { harmless } from '../pipeline/excerpt.ts';

/**
 * Problems for a terminal, in the style that `paint` gives: place, message, the line with the offending text underlined,
 * and the fix.
 */
export function formatProblems(problems: readonly LintProblemView[], paint: Paint): string {
  return problems.map((problem) => `${linesOf(problem, paint).join('\n')}\n`).join('\n');
}

/** "2 errors, 1 warning", or "no problems". */
export function countProblems(problems: readonly Pick<LintProblemView, 'severity'>[]): string {
  const count = (severity: 'error' | 'warning') => {
    const number = problems.filter((problem) => problem.severity === severity).length;
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? '' : 's'}`];
  };
  return [...count('error'), ...count('warning')].join(', ') || 'no problems';
}

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

function linesOf(problem: LintProblemView, paint: Paint): readonly string[] {
  const { severity, file, line, column, code, message, fix } = problem;
  return [
    `${paint('bold', `${harmless(file)}:${line}:${column}`)} ${paint(toneOf(problem), severity)} ${paint('dim', code)}`,
    `  ${paint('bold', harmless(message))}`,
    ...underlined(problem, paint),
    `  ${harmless(fix)}`,
  ];
}

function underlined(problem: LintProblemView, paint: Paint): readonly string[] {
  const { excerpt, line } = problem;
  if (excerpt === undefined) return [];
  const { text, start, length } = excerpt;
  const gutter = String(line).length + 1;
  const bar = paint('dim', '|');
  const before = ' '.repeat(columns(text.slice(0, start)));
  const marks = '^'.repeat(Math.max(1, columns(text.slice(start, start + length))));
  return [
    `  ${paint('dim', String(line).padStart(gutter))} ${bar} ${harmless(text)}`,
    `  ${' '.repeat(gutter)} ${bar} ${before}${paint(toneOf(problem), marks)}`,
  ];
}

function toneOf({ severity }: LintProblemView): 'red' | 'yellow' {
  return severity === 'error' ? 'red' : 'yellow';
}

/** Columns of a terminal: East Asian wide characters and emoji take two, marks none (Unicode UAX 11). */
function columns(text: string): number {
  let width = 0;
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
