const FIRST_MS = 250;
const MOST_MS = 60_000;

/** How long to wait after the n-th failed try (from 1): 250 ms, doubling up to a minute. Pure. */
export function backOffMs(attempts: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** (attempts - 1));
}
