import type { Foreign } from '../foreign.ts';
import { copy, entry, list, map } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { variableOf } from './expressions.ts';

/** The matrix of a job's `strategy`. */
export function matrixEntry(strategy: Foreign | undefined): OutEntry | null {
  if (strategy?.kind !== 'map') return null;
  for (const key of ['fail-fast', 'max-parallel'])
    strategy.get(key)?.leaveOut('the cases of a matrix do not know of each other', 'Remove it.');
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
      const rows = one.items().filter(({ kind }) => kind === 'map');
      return [
        entry(
          one.key,
          list(
            rows.map((row) =>
              map(
                row
                  .entries()
                  .filter(isText)
                  .map((cell) => entry(variableOf(cell.key), copy(cell, exact), cell)),
                row,
              ),
            ),
          ),
          one,
        ),
      ];
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
  return entries.length === 0 ? null : entry('matrix', map(entries, matrix), matrix);
}

/** `18.x` is the newest of 18, and so is the tag `18` of an image. */
const exact = (version: string): string => version.replace(/^(\d+(?:\.\d+)*)\.x$/, '$1');

function isText(value: Foreign): boolean {
  if (value.kind === 'text' && !value.peek().includes('${{')) return true;
  value.leaveOut('a value of a matrix is text', 'Write the values out.');
  return false;
}
