import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import { createWatch } from '../../../src/builds/watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startWatch(isAway = () => false) {
  const looks: number[] = [];
  const watch = createWatch({
    clock: { nowMs: Date.now },
    isAway,
    expire: async () => void looks.push(Date.now()),
    reconcile: async () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  watch.start();
  return { watch, looks, startedMs: Date.now() };
}

it('ends no lease before the server has listened for the time of one', async () => {
  const { watch, looks, startedMs } = startWatch();
  await vi.advanceTimersByTimeAsync(2 * TIMES.lease);
  expect((looks[0] ?? 0) - startedMs).toBeGreaterThanOrEqual(TIMES.lease);
  await watch.stop();
});

it('nor for as long after what it heard could not be recorded', async () => {
  const { watch, looks } = startWatch();
  await vi.advanceTimersByTimeAsync(2 * TIMES.lease);
  watch.missed();
  const missedMs = Date.now();
  const before = looks.length;
  await vi.advanceTimersByTimeAsync(TIMES.lease / 2);
  watch.missed();
  expect(watch.listensSince()).toBe(missedMs + TIMES.lease / 2);
  await vi.advanceTimersByTimeAsync(TIMES.lease - 1_000);
  expect(looks.length).toBe(before);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(looks.length).toBeGreaterThan(before);
  await watch.stop();
});

it('nor for as long after a record that did not answer, in which no heartbeat was heard', async () => {
  let isAway = false;
  const { watch, looks } = startWatch(() => isAway);
  await vi.advanceTimersByTimeAsync(2 * TIMES.lease);
  isAway = true;
  await vi.advanceTimersByTimeAsync(TIMES.lease);
  const before = looks.length;
  isAway = false;
  await vi.advanceTimersByTimeAsync(TIMES.lease - 2_000);
  expect(looks.length).toBe(before);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(looks.length).toBeGreaterThan(before);
  await watch.stop();
});
