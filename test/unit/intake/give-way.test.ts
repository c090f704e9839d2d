import { expect, it } from 'vitest';
import { createGiveWay, FLOOD } from '../../../src/intake/give-way.ts';

const never = new AbortController().signal;
const tookMs = async (work: () => Promise<void>) => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

it('slows nothing down for a few deliveries', async () => {
  let now = 0;
  const giveWay = createGiveWay(() => now);
  for (let n = 0; n < 100; n++) {
    now += FLOOD.windowMs / FLOOD.most + 1;
    giveWay.note();
    expect(await tookMs(() => giveWay.pass(never))).toBeLessThan(FLOOD.asideMs / 2);
  }
});

it('makes work wait a little during a flood, and no more after it', async () => {
  let now = 1_000;
  const giveWay = createGiveWay(() => now);
  for (let n = 0; n <= FLOOD.most; n++) giveWay.note();
  expect(await tookMs(() => giveWay.pass(never))).toBeGreaterThan(FLOOD.asideMs / 2);
  now += FLOOD.windowMs + 1;
  expect(await tookMs(() => giveWay.pass(never))).toBeLessThan(FLOOD.asideMs / 2);
});
