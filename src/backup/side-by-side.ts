/** Copies under way at once: each waits for the disk. */
const AT_ONCE = 8;

/** Does `work` for every item, a few at a time; none is begun after one has failed or `signal` is aborted. */
export async function sideBySide<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rest = items.values();
  let hasFailed = false;
  const doNext = async (): Promise<void> => {
    for (const item of rest) {
      signal?.throwIfAborted();
      if (hasFailed) return;
      await work(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, doNext));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
