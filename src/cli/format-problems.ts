import { styleText } from 'node:util';
import type { LintProblem } from '../pipeline/lint-problem.ts';

/**
 * Problems for a terminal: place, message, the line with the offending text underlined, and the fix.
 * `text` is the file they are about. What comes from the file is made harmless: no escape sequence of it
 * reaches the terminal.
 */
export function formatProblems(
  problems: readonly LintProblem[],
  text: string,
  { color }: { readonly color: boolean },
): string {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return problems.map((problem) => formatOne(problem, lines[problem.line - 1] ?? '', color)).join('\n');
}

/** Problems whose file is not at hand: place, message and fix of each, in the style that `paint` gives. */
export function formatPlaces(problems: readonly Placed[], paint: Paint): string {
  return problems.map((problem) => [...headOf(problem, paint), fixOf(problem), ''].join('\n')).join('');
}

/** "2 errors, 1 warning", or "no problems". */
export function countProblems(problems: readonly LintProblem[]): string {
  const count = (severity: 'error' | 'warning') => {
    const number = problems.filter((problem) => problem.severity === severity).length;
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? '' : 's'}`];
  };
  return [...count('error'), ...count('warning')].join(', ') || 'no problems';
}

type Style = Parameters<typeof styleText>[0];
type PlacedKey = 'severity' | 'file' | 'line' | 'column' | 'code' | 'message' | 'fix';
type Placed = Pick<LintProblem, PlacedKey>;

function formatOne(problem: LintProblem, line: string, color: boolean): string {
  const paint = (style: Style, text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const { line: number, column } = problem;
  const gutter = String(number).length + 1;
  const bar = paint('dim', '|');
  const shown = excerpt(line, column - 1, problem.length);
  return [
    ...headOf(problem, paint),
    `  ${paint('dim', String(number).padStart(gutter))} ${bar} ${shown.text}`,
    `  ${' '.repeat(gutter)} ${bar} ${' '.repeat(shown.before)}${paint(toneOf(problem), '^'.repeat(shown.width))}`,
    fixOf(problem),
    '',
  ].join('\n');
}

type Paint = (style: Style, text: string) => string;

function headOf(problem: Placed, paint: Paint): readonly string[] {
  const { severity, file, line, column, code, message } = problem;
  return [
    `${paint('bold', `${harmless(file)}:${line}:${column}`)} ${paint(toneOf(problem), severity)} ${paint('dim', code)}`,
    `  ${paint('bold', harmless(message))}`,
  ];
}

function fixOf({ fix }: Placed): string {
  return `  ${harmless(fix)}`;
}

function toneOf({ severity }: Placed): 'red' | 'yellow' {
  return severity === 'error' ? 'red' : 'yellow';
}

const MOST_COLUMNS = 100;

/** The part of a line around the offending text, and where that stands in terminal columns. */
function excerpt(line: string, at: number, length: number): { text: string; before: number; width: number } {
  const start = at > MOST_COLUMNS / 2 && line.length > MOST_COLUMNS ? at - MOST_COLUMNS / 4 : 0;
  const end = Math.min(line.length, start + MOST_COLUMNS);
  const [cutBefore, cutAfter] = [start > 0 ? '…' : '', end < line.length ? '…' : ''];
  const part = (from: number, to: number) => harmless(line.slice(from, to));
  return {
    text: cutBefore + part(start, end) + cutAfter,
    before: columns(cutBefore + part(start, at)),
    width: Math.max(1, columns(part(at, Math.min(end, at + length)))),
  };
}

/** Tabs as one space, other control and direction characters as `·`. */
function harmless(text: string): string {
  return text.replaceAll('\t', ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

/** Columns of a terminal: East Asian wide characters and emoji take two, marks none (Unicode UAX 11). */
function columns(text: string): number {
  let width = 0;
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
