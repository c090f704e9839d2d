import { describe, expect, it, vi } from 'vitest';
import type { LogLine } from '../../../../src/core/log.ts';
import { BLOCK, LineCache } from '../../../../web/log/line-cache.ts';

const line = (number: number): LogLine => ({ number, timeMs: 0, stream: 'stdout', text: `line ${number}` });

function logOf(lines: number) {
  const load = vi.fn(async (from: number, count: number) => ({
    bytes: lines * 10,
    lines,
    sealed: true,
    range: Array.from({ length: Math.max(0, Math.min(count, lines - from)) }, (_, i) => line(from + i)),
  }));
  return { load, cache: new LineCache(load, () => undefined) };
}

describe('LineCache', () => {
  it('asks once for a block, however many of its lines are wanted', async () => {
    const { load, cache } = logOf(10_000);
    await cache.open();
    for (let number = 600; number < 640; number++) expect(cache.line(number)).toBeUndefined();
    await vi.waitFor(() => expect(cache.line(600)).toEqual(line(600)));
    expect(load.mock.calls).toEqual([
      [0, 0],
      [BLOCK, BLOCK],
    ]);
  });

  it('never asks for lines beyond the end', async () => {
    const { load, cache } = logOf(10);
    await cache.open();
    expect(cache.line(10)).toBeUndefined();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('stays small while a reader goes through a million lines', async () => {
    const { cache } = logOf(1_000_000);
    await cache.open();
    for (let number = 0; number < 1_000_000; number += BLOCK) {
      cache.line(number);
      await Promise.resolve();
    }
    await vi.waitFor(() => expect(cache.line(999_900)).toEqual(line(999_900)));
    expect(cache.line(0)).toBeUndefined();
  });

  it('asks for the rest of a block from the first line that a short answer left out', async () => {
    const most = 200;
    const load = vi.fn(async (from: number, count: number) => {
      if (load.mock.calls.length > 10) throw new Error('asked for ever');
      const range = Array.from({ length: Math.min(count, most) }, (_, i) => line(from + i));
      return { bytes: 20_000, lines: 2000, sealed: true, range };
    });
    const cache = new LineCache(load, () => void cache.line(990));
    await cache.open();
    cache.line(990);
    await vi.waitFor(() => expect(cache.line(990) ?? cache.failure).toEqual(line(990)));
    expect(load.mock.calls).toEqual([
      [0, 0],
      [BLOCK, BLOCK],
      [BLOCK + most, BLOCK - most],
      [BLOCK + 2 * most, BLOCK - 2 * most],
    ]);
  });

  it('keeps what the stream brings, and takes a line that grew', async () => {
    const { load, cache } = logOf(0);
    await cache.open();
    cache.add([{ ...line(0), text: 'ha' }], { bytes: 2, lines: 1, sealed: false });
    cache.add([{ ...line(0), text: 'half' }], { bytes: 4, lines: 1, sealed: false });
    expect(cache.line(0)?.text).toBe('half');
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('does not hammer a server that fails', async () => {
    const load = vi.fn(async (_from: number, count: number) => {
      if (count > 0) throw new Error('away');
      return { bytes: 10, lines: 5, sealed: true, range: [] };
    });
    const cache = new LineCache(load, () => undefined);
    await cache.open();
    cache.line(1);
    await vi.waitFor(() => expect(cache.failure).not.toBeNull());
    cache.line(1);
    expect(load).toHaveBeenCalledTimes(2);
    cache.retry();
    cache.line(1);
    expect(load).toHaveBeenCalledTimes(3);
  });
});
