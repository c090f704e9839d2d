import type { Excerpt } from '../core/views/lint-view.ts';

const MOST_UNITS = 100;

/**
 * What is shown of a line around the offending text: at most 100 UTF-16 units of it, `…` where it was cut.
 * Control and direction characters are replaced, so that no text of a file can speak to a terminal or turn a page round.
 */
export function excerptOf(full: string, at: number, length: number): Excerpt {
  const line = full.endsWith('\r') ? full.slice(0, -1) : full;
  const start = at > MOST_UNITS / 2 && line.length > MOST_UNITS ? whole(line, at - MOST_UNITS / 4) : 0;
  const end = whole(line, Math.min(line.length, start + MOST_UNITS));
  const before = start > 0 ? '…' : '';
  return {
    text: before + harmless(line.slice(start, end)) + (end < line.length ? '…' : ''),
    start: before.length + at - start,
    length: Math.max(1, Math.min(length, end - at)),
  };
}

/** A place that parts no surrogate pair. */
function whole(line: string, at: number): number {
  return /^[\uDC00-\uDFFF]/.test(line.slice(at, at + 1)) ? at - 1 : at;
}

/** Tabs as one space, other control and direction characters as `·`; as long as before. */
export function harmless(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (one) => '·'.repeat(one.length));
}
