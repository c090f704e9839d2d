/** Lines named by a link, counted from 1 as they are shown, both included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** `#L12` or `#L12-L20` → range; anything else → null. */
export function parseLineHash(hash: string): LineRange | null {
  const match = /^#L(\d{1,10})(?:-L(\d{1,10}))?$/.exec(hash);
  if (match === null) return null;
  const first = Number(match[1]);
  const second = Number(match[2] ?? match[1]);
  return first === 0 || second === 0 ? null : { from: Math.min(first, second), to: Math.max(first, second) };
}

export function formatLineHash(range: LineRange): string {
  return range.from === range.to ? `#L${range.from}` : `#L${range.from}-L${range.to}`;
}
