import type { Division, FileShare } from './split.ts';

interface Open {
  readonly files: string[];
  weight: number;
}

/**
 * Divides test files into shares of much the same length: the longest first, each to the share that has least to do so far.
 * The longest share is then at most 4/3 − 1/(3 × shares) of what it would be in the best division (R. L. Graham, "Bounds on
 * Multiprocessing Timing Anomalies", 1969). A file of unknown duration counts as the median of the known ones; where none
 * is known, all count the same. The same files and durations give the same division, in whatever order they come. Pure.
 * @param durations In ms, by file; others than of `files` do no harm.
 * @param count How many shares; with fewer files than that, the last ones are empty.
 */
export function divideFiles(
  files: readonly string[],
  durations: ReadonlyMap<string, number>,
  count: number,
): Division {
  const known = files.flatMap((file) => durations.get(file) ?? []);
  const unknown = known.length === 0 ? 1 : median(known);
  // A file that takes no time still is one: none of the shares gets all of those.
  const weightOf = (file: string): number => Math.max(1, durations.get(file) ?? unknown);
  const shares: Open[] = Array.from({ length: count }, () => ({ files: [], weight: 0 }));
  const sorted = [...new Set(files)].sort(byName).sort((a, b) => weightOf(b) - weightOf(a));
  for (const file of sorted) {
    const share = shares.reduce((least, one) => (isLess(one, least) ? one : least));
    share.files.push(file);
    share.weight += weightOf(file);
  }
  return shares.map((share) => ({
    files: share.files.sort(byName),
    expectedMs: known.length === 0 ? null : share.weight,
  }));
}

/**
 * A division with the files that it does not know given to the first of the shares that are to run: nothing that is there
 * is left out. Pure.
 * @param runs Whether a share runs, from 0.
 */
export function withUnknown(
  division: Division,
  files: readonly string[],
  runs: (share: number) => boolean,
): Division {
  const known = new Set(division.flatMap((share) => share.files));
  const unknown = files.filter((file) => !known.has(file));
  if (unknown.length === 0) return division;
  const first = division.findIndex((_, index) => runs(index));
  return division.map((share, index): FileShare =>
    index === first ? { ...share, files: [...share.files, ...unknown].sort(byName) } : share,
  );
}

function isLess(one: Open, other: Open): boolean {
  return one.weight < other.weight || (one.weight === other.weight && one.files.length < other.files.length);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** By code units, the same on every machine. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
