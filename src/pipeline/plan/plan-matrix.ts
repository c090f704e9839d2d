import type { MatrixValues } from '../../core/plan.ts';
import type { MatrixSpec, WrittenCombination } from '../grammar/matrix.ts';

/**
 * The combinations of a matrix: every value of each variable with every value of the others, the last variable fastest,
 * without those that `exclude` names (all that it says agrees), then those of `include`; each once. Null where
 * there are more than `most`, or too many to find out.
 */
export function planMatrix(matrix: MatrixSpec, most: number): readonly MatrixValues[] | null {
  const { axes, include, exclude } = matrix;
  const size = sizeOf(matrix);
  if (size > most * MOST_EXCLUDED || size * exclude.length > MOST_COMPARED) return null;
  const excluded = exclude.map(toValues);
  const kept = product(axes.map(({ name, value }) => [name.value, value.map((one) => one.value)] as const))
    .filter((one) => !excluded.some((other) => agrees(other, one)))
    .concat(include.map(toValues));
  const seen = new Set<string>();
  const combinations = kept.filter((one) => seen.size < seen.add(identity(one)).size);
  return combinations.length > most ? null : combinations;
}

/** How many combinations a matrix has, in words; none of more than some thousand is made for it. */
export function countCombinations(matrix: MatrixSpec): string {
  const size = sizeOf(matrix);
  const made = size > MOST_MADE ? null : planMatrix(matrix, Infinity);
  if (made !== null) return `${made.length} combinations`;
  const count = size + matrix.include.length;
  if (count > MOST_COUNTED) return `over ${MOST_COUNTED} combinations`;
  return `${count} combinations${matrix.exclude.length === 0 ? '' : ', those of `exclude` among them'}`;
}

const MOST_MADE = 5_000;
const MOST_COUNTED = 1_000_000_000;

/** Of the lists alone, each value with every other. */
function sizeOf({ axes }: MatrixSpec): number {
  return axes.reduce((product, { value }) => product * value.length, axes.length === 0 ? 0 : 1);
}

/** Of so many times the combinations that are left, others may be excluded. */
const MOST_EXCLUDED = 16;
/** Combinations that are held against exclusions, counted once for each. */
const MOST_COMPARED = 100_000;

function product(axes: readonly (readonly [string, readonly string[]])[]): MatrixValues[] {
  if (axes.length === 0) return [];
  return axes.reduce<MatrixValues[]>(
    (partial, [name, values]) => partial.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

function toValues(combination: WrittenCombination): MatrixValues {
  return Object.fromEntries(combination.value.map(({ name, value }) => [name.value, value.value]));
}

/** Whether `one` has all that `wanted` says. */
function agrees(wanted: MatrixValues, one: MatrixValues): boolean {
  return Object.entries(wanted).every(([name, value]) => one[name] === value);
}

/** The same for the same values, in whatever order they were written. */
function identity(one: MatrixValues): string {
  return JSON.stringify(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
}
