import { expect, test } from 'vitest';
import { fuzzFiles } from '../../experiments/pipeline/fuzz-files.ts';

test('2,000 mutated files of ours are answered, each in bounded time, in a process with little memory', async () => {
  const { wrong, planned, slowestMs, slowest, peakMb } = await fuzzFiles(2_000, 20_260);
  expect(wrong).toEqual([]);
  expect(planned).toBeGreaterThan(100);
  expect(slowestMs, `file ${slowest}`).toBeLessThan(1_000);
  expect(peakMb).toBeLessThan(200);
  // 9 s alone; its heap is small, and all other tests run beside it.
}, 300_000);

test('the memory of whoever starts the process is not taken for its own', async () => {
  const held = Buffer.alloc(400e6, 1);
  expect((await fuzzFiles(1, 20_260)).peakMb).toBeLessThan(200);
  expect(held).toHaveLength(400e6);
}, 60_000);
