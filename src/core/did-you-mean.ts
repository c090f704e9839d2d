/**
 * The word of `known` that `seen` was probably meant to be, or null: at most two letters off (one in short
 * words), counting a swap of neighbours as one (optimal string alignment); `_`, `-` and capitals do not count.
 */
export function didYouMean(seen: string, known: readonly string[]): string | null {
  const plain = fold(seen.slice(0, 64));
  const allowed = plain.length <= 4 ? 1 : 2;
  let best: { word: string; off: number } | null = null;
  for (const word of known) {
    const off = distance(plain, fold(word));
    if (off <= allowed && off < (best?.off ?? Infinity)) best = { word, off };
  }
  return best?.word ?? null;
}

const fold = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let off = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) off = Math.min(off, at(older, j - 2) + 1);
      row.push(off);
    }
    [older, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
