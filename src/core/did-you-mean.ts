/** Of more known words the rest is not looked at: nobody who has so many is helped by one of them. */
const MOST_KNOWN = 2_000;
const MOST_OFF = 2;

/**
 * The word of `known` that `seen` was probably meant to be, or null: at most two letters off (one in short
 * words), counting a swap of neighbours as one (optimal string alignment); `_`, `-` and capitals do not count.
 * Takes a microsecond or so for each known word, whatever they are; {@link MOST_KNOWN} are looked at.
 */
export function didYouMean(seen: string, known: readonly string[]): string | null {
  const plain = fold(seen.slice(0, 64));
  const allowed = plain.length <= 4 ? 1 : MOST_OFF;
  let best: { word: string; off: number } | null = null;
  for (const word of known.slice(0, MOST_KNOWN)) {
    const off = distance(plain, fold(word.slice(0, 128)));
    if (off <= allowed && off < (best?.off ?? Infinity)) best = { word, off };
  }
  return best?.word ?? null;
}

const fold = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** Infinity where it is over {@link MOST_OFF}: only that near to the diagonal is it worked out, and only as far as it may be less. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_OFF) return Infinity;
  let older: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: MOST_OFF + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [];
    let least = Infinity;
    for (let j = Math.max(0, i - MOST_OFF); j <= Math.min(b.length, i + MOST_OFF); j++) {
      const same = a[i - 1] === b[j - 1];
      let off = j === 0 ? i : Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) off = Math.min(off, at(older, j - 2) + 1);
      row[j] = off;
      least = Math.min(least, off);
    }
    if (least > MOST_OFF) return Infinity;
    [older, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
