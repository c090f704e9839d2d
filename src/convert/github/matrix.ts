import { matrixValue } from '../../pipeline/format/text.ts';
import type { Foreign } from '../foreign.ts';
import { copy, entry, list, map } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { variableOf } from './contexts.ts';

/** The matrix of a job's `strategy`. */
export function matrixEntry(strategy: Foreign | undefined): OutEntry | null {
  if (strategy?.kind !== 'map') return null;
  const failFast = strategy.get('fail-fast');
  if (failFast?.peek() === 'false') failFast.needs('the cases of a matrix do not know of each other');
  else
    failFast?.leaveOut(
      'the cases of a matrix do not know of each other',
      'Write `failure: cancel` on the steps that are to end the build.',
    );
  const matrix = strategy.get('matrix');
  if (matrix === undefined) return null;
  if (matrix.kind !== 'map') {
    matrix.leaveOut('a matrix is written in the file', 'Write the values out.');
    return null;
  }
  const hasLists = matrix.entries().some(({ key }) => key !== 'include' && key !== 'exclude');
  const entries = matrix.entries().flatMap((one) => {
    if (one.kind !== 'list') {
      one.leaveOut('a matrix is written in the file', 'Write the values out.');
      return [];
    }
    if (one.key === 'include' || one.key === 'exclude') {
      if (one.key === 'include' && hasLists)
        one.changes('each entry is a case of its own, and changes no other', 'Write the cases out.');
      return [entry(one.key, list(one.items().flatMap(rowOf)), one)];
    }
    const values = one.items().filter(isText);
    return values.length === 0
      ? []
      : [
          entry(
            variableOf(one.key),
            list(
              values.map((value) => copy(value, exact)),
              one,
            ),
            one,
          ),
        ];
  });
  const known = entries.flatMap((one) => (one.key === 'exclude' ? excludeOf(one, entries) : [one]));
  return known.length === 0 ? null : entry('matrix', map(known, matrix), matrix);
}

/** An entry of `include` or `exclude`. */
function rowOf(row: Foreign): readonly Out[] {
  if (row.kind !== 'map') return [];
  const cells = row.entries().filter(isText);
  return [
    map(
      cells.map((cell) => entry(variableOf(cell.key), copy(cell, exact), cell)),
      row,
    ),
  ];
}

/** Those that leave out a case that there is here: a value that was left out is in none. */
function excludeOf(exclude: OutEntry, matrix: readonly OutEntry[]): readonly OutEntry[] {
  const values = new Map(matrix.map(({ key, value }) => [key, value]));
  const isThere = ({ key, value }: OutEntry): boolean => {
    const all = values.get(key);
    return all?.kind === 'list' && all.items.some((item) => textOf(item) === textOf(value));
  };
  const rows = exclude.value.kind === 'list' ? exclude.value.items : [];
  const kept = rows.filter((row) => {
    // Without one of its values it would exclude more.
    const isWhole = row.kind === 'map' && row.from?.entries().length === row.entries.length;
    const excludes = isWhole && row.entries.length > 0 && row.entries.every(isThere);
    if (!excludes) row.from?.leaveOut('no case of the matrix is like it here', 'Write the values out.');
    return excludes;
  });
  return kept.length === 0 ? [] : [{ ...exclude, value: list(kept, exclude.value.from) }];
}

const textOf = (value: Out): string | null => (value.kind === 'text' ? value.value : null);

/** Notes what values of the steps take of a matrix that has it not. */
export function noteLacking(out: Out, names: ReadonlySet<string>): void {
  if (out.kind === 'list') for (const item of out.items) noteLacking(item, names);
  if (out.kind === 'map')
    for (const { key, value } of out.entries) if (key !== 'commands') noteLacking(value, names);
  if (out.kind !== 'text') return;
  for (const [, name = ''] of out.value.matchAll(/(?<!\$)\$\{(\w+)/g))
    if (!/^CI(?:_|$)/.test(name) && !names.has(name))
      out.from?.changes(`\`${name}\` is no variable of the matrix`, 'Write its value out.');
}

/** Its variables, those that only rows of `include` have too. */
export function variablesOf(matrix: OutEntry | null): readonly string[] {
  if (matrix?.value.kind !== 'map') return [];
  const names = matrix.value.entries.flatMap(({ key, value }) => {
    if (key !== 'include' && key !== 'exclude') return [key];
    const rows = value.kind === 'list' ? value.items : [];
    return rows.flatMap((row) => (row.kind === 'map' ? row.entries.map((cell) => cell.key) : []));
  });
  return [...new Set(names)];
}

/** `18.x` is the newest of 18, and so is the tag `18` of an image. */
const exact = (version: string): string => version.replace(/^(\d+(?:\.\d+)*)\.x$/, '$1');

function isText(value: Foreign): boolean {
  if (value.kind === 'text' && value.peek().trim() === '') {
    value.leaveOut('a value of a matrix is not empty', 'Write a word that the commands take for none.');
    return false;
  }
  if (value.kind === 'text' && matrixValue.parse(exact(value.peek())) === null) {
    value.leaveOut('a value of a matrix is one line of at most 256 characters', 'Write it in a script.');
    return false;
  }
  if (value.kind === 'text' && !value.peek().includes('${{')) return true;
  value.leaveOut('a value of a matrix is text', 'Write the values out.');
  return false;
}
