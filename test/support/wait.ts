import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until `what` gives something other than false, null or undefined, and returns that.
 * @throws Error that names `claim` when it does not within `mostMs` (default 30 s), with the last thing thrown.
 */
export async function waitFor<T>(
  claim: string,
  what: () => Promise<T> | T,
  mostMs = 30_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + mostMs;
  let cause: unknown;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    try {
      const value = await what();
      if (value !== false && value !== null && value !== undefined)
        return value as Exclude<T, false | null | undefined>;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${mostMs} ms: ${claim}`, { cause });
    await sleep(pauseMs);
  }
}
