import { createRounds } from '../../core/rounds.ts';

/**
 * Runs `work` for things that changed, one after the other; one that changes again while it waits is worked on
 * once. So a burst of changes costs a slow reader one message, with the newest state.
 */
export function latestOnly<T extends string>(
  work: (topic: T, id: string) => Promise<void>,
  onError: (error: unknown) => void,
): (topic: T, id: string) => void {
  const waiting = new Map<string, readonly [T, string]>();
  const { wake } = createRounds(async () => {
    // What is marked meanwhile comes at the end of it.
    for (const [key, [topic, id]] of waiting) {
      waiting.delete(key);
      await work(topic, id).catch(onError);
    }
  });
  return (topic, id) => {
    waiting.set(`${topic} ${id}`, [topic, id]);
    wake();
  };
}
