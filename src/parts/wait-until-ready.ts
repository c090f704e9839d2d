import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks a part that was started until it answers.
 * @param ended How it ended, or null while it runs.
 * @throws Error when it ended, or did not answer within `timeoutMs` (default 30 s).
 */
export async function waitUntilReady(
  part: { readonly isReady: () => Promise<boolean>; readonly timeoutMs?: number },
  ended: () => string | null | Promise<string | null>,
): Promise<void> {
  const limitMs = part.timeoutMs ?? 30_000;
  const deadline = Date.now() + limitMs;
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 100)) {
    const how = await ended();
    if (how !== null) throw new Error(`it ended with ${how}`);
    if (await part.isReady()) return;
    if (Date.now() > deadline) throw new Error(`it did not answer within ${limitMs / 1_000} s`);
    await sleep(waitMs);
  }
}
