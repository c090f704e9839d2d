import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pushPayload } from '../../support/github-payloads.ts';
import type { System } from '../../support/system.ts';

/** So that some of them are more than the room that the record's files have already taken. */
const PAD_BYTES = 400_000;
const PAUSE_MS = 250;

/**
 * Delivers pushes of a repository that nobody has while the server's disk is full: each is taken, or refused with
 * `disk_full`, which a Git host shows to who looks why. Returns other answers, in words.
 */
export async function askWhileFull(system: System, ms: number): Promise<readonly string[]> {
  const wrong = new Set<string>();
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    const message = 'x'.repeat(PAD_BYTES);
    const payload = pushPayload({
      repository: 'chaos/none',
      commit: '0'.repeat(40),
      branch: 'main',
      before: randomBytes(20).toString('hex'), // each is another event
      message,
    });
    const answer = await system.deliver('push', payload).catch(() => null);
    if (answer === null) wrong.add('a delivery had no answer while the disk was full');
    else if (answer.status !== 202) {
      const { error } = (await answer.json()) as { error?: { code?: string } };
      if (answer.status !== 507 || error?.code !== 'disk_full')
        wrong.add(
          `a delivery was answered with ${answer.status} ${error?.code ?? ''} while the disk was full`,
        );
    }
    await sleep(PAUSE_MS);
  }
  return [...wrong];
}
