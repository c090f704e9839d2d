/**
 * Runs `work` for things that changed, one after the other; one that changes again while it waits is worked on
 * once. So a burst of changes costs a slow reader one message, with the newest state.
 */
export function latestOnly<T extends string>(
  work: (topic: T, id: string) => Promise<void>,
  onError: (error: unknown) => void,
): (topic: T, id: string) => void {
  const waiting = new Map<string, readonly [T, string]>();
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    try {
      for (
        let next = waiting.entries().next().value;
        next !== undefined;
        next = waiting.entries().next().value
      ) {
        const [key, [topic, id]] = next;
        waiting.delete(key);
        await work(topic, id).catch(onError);
      }
    } finally {
      // In the same turn as the last look: what is marked after that finds nobody at work, and begins.
      isRunning = false;
    }
  };
  return (topic, id) => {
    waiting.set(`${topic} ${id}`, [topic, id]);
    if (!isRunning) void run();
  };
}
