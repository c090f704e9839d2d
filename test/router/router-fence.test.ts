import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMaps } from '../../worker/router/running-state.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { environmentOf, startRouterUnderTest, type RouterUnderTest } from './support/router-under-test.ts';

const ROUNDS = process.env['SLIPWAY_LONG_TESTS'] === '1' ? 100 : 8;

let under: RouterUnderTest;
const random = seededRandom();
const writers: ChildProcess[] = [];
/** It only grows, also where a test is tried again: the router keeps the highest. */
let fence = 0;

beforeAll(async () => {
  under = await startRouterUnderTest();
});
afterAll(async () => {
  for (const writer of writers) writer.kill('SIGKILL');
  await under.remove();
});

describe('a deployer that was frozen', () => {
  it(
    'does not undo a newer switch when it wakes, wherever it was stopped',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const writer = startWriter((fence += 1));
        await once(writer.stdout, 'data');
        await sleep(random.next() * 40);
        writer.kill('SIGSTOP');
        const newer = environmentOf((fence += 1), ['empty', 'standby', 'live']);
        expect(await under.router.put(newer)).toEqual({ ok: true, running: true });
        writer.kill('SIGCONT');
        await answer(writer, 'stale');
        await sleep(50);
        writer.kill('SIGKILL');
        const maps = await readMaps(under.router.runtime);
        expect(maps['live.map'].entries.get('e3'), `round ${round}`).toBe('e3s2');
        expect(await under.router.differences()).toEqual([]);
      }
    },
    60_000 + ROUNDS * 15_000,
  );

  it('leaves a lock that another one takes over when it is killed in the middle', async () => {
    fence += 1;
    for (let round = 0; round < 3; round++) {
      const writer = startWriter(fence);
      await once(writer.stdout, 'data');
      await sleep(random.next() * 20);
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      expect(await under.router.put(environmentOf(fence, ['live', 'standby', 'empty']))).toEqual({
        ok: true,
        running: true,
      });
      expect(await under.router.differences()).toEqual([]);
    }
  });
});

function startWriter(fence: number) {
  const script = path.join(import.meta.dirname, 'support', 'stale-writer.ts');
  const writer = spawn(process.execPath, [script, under.dir, String(fence)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writers.push(writer);
  return writer;
}

/** Resolves when the writer says `wanted`. */
function answer(writer: ReturnType<typeof startWriter>, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    writer.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes(JSON.stringify(wanted))) resolve();
    });
  });
}
