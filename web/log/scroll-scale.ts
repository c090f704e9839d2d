/** Chromium caps an element at 33.5 million pixels, Firefox at 17.9 million: past this the scroll range is scaled. */
const HIGHEST = 15_000_000;

/** Maps the scroll position of an element of bounded height to lines of a list of any length. */
export interface ScrollScale {
  /** Height of the scrolled content in px. */
  readonly height: number;
  /** The first visible line, with the fraction of it that is scrolled away. */
  lineAt(scrollTop: number): number;
  /** The scroll position that puts `line` at the top of the view. */
  topOf(line: number): number;
}

/** @param viewHeight height of the visible part in px, so that the last line can stand at the bottom. */
export function scrollScale(lines: number, rowHeight: number, viewHeight: number): ScrollScale {
  const natural = Math.max(viewHeight, lines * rowHeight);
  const height = Math.min(natural, HIGHEST);
  const lastTop = Math.max(0, lines - viewHeight / rowHeight);
  const range = height - viewHeight;
  if (height === natural || range <= 0) {
    return { height, lineAt: (top) => top / rowHeight, topOf: (line) => line * rowHeight };
  }
  return {
    height,
    lineAt: (top) => (Math.min(Math.max(top, 0), range) / range) * lastTop,
    topOf: (line) => (Math.min(line, lastTop) / lastTop) * range,
  };
}
