/** Bytes from one place to before another one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Adds a span that ends last, joined with those it meets. */
export function addSpan(spans: Span[], from: number, to: number): void {
  let start = from;
  for (let last = spans.at(-1); last !== undefined && last.to >= start; last = spans.at(-1)) {
    start = Math.min(start, last.from);
    spans.pop();
  }
  spans.push({ from: start, to });
}
