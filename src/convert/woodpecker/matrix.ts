import type { Foreign } from '../foreign.ts';
import { isVariable } from '../names.ts';
import { copy, entry, list, map } from '../out.ts';
import type { Out } from '../out.ts';

/** All of it but what is no name of a variable, and but what stands beside an `include`, which nobody looks at. */
export function matrixOut(matrix: Foreign): Out {
  const named = (all: readonly Foreign[], value: (cell: Foreign) => Out) =>
    all.flatMap((cell) => {
      if (isVariable(cell.key)) return [entry(cell.key, value(cell), cell)];
      cell.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
      return [];
    });
  if (matrix.kind !== 'map') return copy(matrix);
  const counting = countingIn(matrix);
  for (const one of matrix.entries())
    if (!counting.includes(one))
      one.leaveOut('beside an `include` nothing else counts there', 'Write all combinations in `include`.');
  noteCut(counting, matrix);
  return map(
    named(counting, (one) =>
      /^(?:include|exclude)$/.test(one.key) && one.kind === 'list'
        ? list(
            one.items().map((row) =>
              row.kind === 'map'
                ? map(
                    named(row.entries(), (cell) => copy(cell)),
                    row,
                  )
                : copy(row),
            ),
            one,
          )
        : copy(one),
    ),
    matrix,
  );
}

/** Woodpecker makes this many of the combinations of lists (`matrix.go`, `limitAxis`), and says nothing of the others. */
const MOST = 27;

function noteCut(axes: readonly Foreign[], matrix: Foreign): void {
  const sizes = axes.flatMap((axis) =>
    axis.kind === 'list' && axis.key !== 'include' ? [axis.items().length] : [],
  );
  const count = sizes.reduce((all, size) => all * Math.max(size, 1), 1);
  if (count > MOST)
    matrix.changes(`all ${count} combinations of it run, and ${MOST} of them there`, 'Leave values out.');
}

/** Its variables, each with its values. */
export function matrixValues(matrix: Foreign | undefined): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  const add = (name: string, some: readonly Foreign[]): void => {
    values.set(name, [...(values.get(name) ?? []), ...some.map((one) => one.peek())]);
  };
  for (const one of matrix === undefined ? [] : countingIn(matrix)) {
    if (one.key !== 'include' && one.key !== 'exclude') add(one.key, one.items());
    else for (const item of one.items()) for (const cell of item.entries()) add(cell.key, [cell]);
  }
  return values;
}

/** Of a matrix with combinations these alone. */
function countingIn(matrix: Foreign): readonly Foreign[] {
  const all = matrix.entries();
  const include = all.find(({ key, kind }) => key === 'include' && kind === 'list');
  return include === undefined || include.items().length === 0 ? all : [include];
}
