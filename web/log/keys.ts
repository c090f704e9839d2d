/** What the keys of a log do, as its help shows it. */
export const LOG_KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['↑ ↓', 'to the line above or below'],
  ['Page ↑ Page ↓', 'a screenful up or down'],
  ['Home', 'to the first line'],
  ['End', 'to the last line, and follow what comes'],
  ['/', 'to the search; there Enter and Shift Enter go on, Escape ends it'],
  ['Enter', 'put a link to the line into the address'],
  ['Shift ↑ ↓', 'widen the linked range to the line above or below'],
  ['Shift Enter', 'link from the linked line to this one'],
  ['Escape', 'leave the lines; again: no link'],
];

/** Where a key takes the current line. Lines count from 0; `first` and `last` are those in view. */
export interface InView {
  readonly first: number;
  readonly last: number;
  readonly lines: number;
}

/**
 * The line that a key goes to from `current`. A current line that is out of view, or none, counts as just outside the
 * edge that the key comes from; without one, a screenful is the element's own to scroll. Null: the key moves nothing.
 */
export function lineForKey(
  key: string,
  current: number | null,
  { first, last, lines }: InView,
): number | null {
  const step = STEPS[key];
  if (step === undefined || lines === 0 || (step.pages && current === null)) return null;
  const isInView = current !== null && current >= first && current <= last;
  const from = isInView ? current : step.by > 0 ? first - 1 : last + 1;
  const to = from + step.by * (step.pages ? Math.max(1, last - first) : 1);
  return Math.min(Math.max(to, 0), lines - 1);
}

const STEPS: Readonly<Record<string, { readonly by: 1 | -1; readonly pages: boolean }>> = {
  ArrowUp: { by: -1, pages: false },
  ArrowDown: { by: 1, pages: false },
  PageUp: { by: -1, pages: true },
  PageDown: { by: 1, pages: true },
};
