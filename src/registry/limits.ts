/** How long one exchange may take, and how long nothing may move in it; null is without bound. */
export interface Limits {
  readonly totalMs: number | null;
  readonly idleMs: number | null;
}

export interface Limited {
  /** Aborts with an Error that says which limit was passed. */
  readonly signal: AbortSignal;
  /** Bytes have moved. */
  readonly moved: () => void;
  /** Takes the limits away. */
  readonly end: () => void;
}

/** Begins to count. What is not ended holds no process up. */
export function limit({ totalMs, idleMs }: Limits): Limited {
  const over = new AbortController();
  const after = (ms: number | null, what: string): NodeJS.Timeout | null =>
    ms === null
      ? null
      : setTimeout(() => over.abort(new Error(`${what} within ${ms / 1_000} s`)), ms).unref();
  const total = after(totalMs, 'it has not ended');
  const idle = after(idleMs, 'no byte has moved, in either direction,');
  return {
    signal: over.signal,
    moved: () => void idle?.refresh(),
    end: () => {
      clearTimeout(total ?? undefined);
      clearTimeout(idle ?? undefined);
    },
  };
}
