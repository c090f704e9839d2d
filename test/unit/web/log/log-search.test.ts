import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { LogSearchView } from '../../../../src/core/views/log-view.ts';
import { ApiError } from '../../../../web/api.ts';
import { foundWords, LogSearch, MOST_FOUND, nextFound, NOTHING } from '../../../../web/log/log-search.ts';

/** A server whose log has the text in `lines` of `length`; it looks through so many lines in one answer. */
function serverOf(log: { lines: number[]; length: number }, stride: number) {
  const asked: number[] = [];
  const ask = async (_text: string, from: number): Promise<LogSearchView> => {
    asked.push(from);
    await sleep(0);
    const to = Math.min(from + stride, log.length);
    const found = log.lines.filter((line) => line >= from && line < to);
    const next = to < log.length ? to : null;
    return { found, next, lines: log.length, bytes: 0, sealed: false };
  };
  return { asked, ask };
}

async function idle(search: LogSearch): Promise<readonly number[]> {
  await vi.waitFor(() => expect(search.found.busy).toBe(false));
  return search.found.lines;
}

describe('a search', () => {
  it('looks from where the reader is to the end, then from the start, and tells what it has as it goes', async () => {
    const { ask, asked } = serverOf({ lines: [3, 40, 55, 99], length: 100 }, 30);
    const told: number[][] = [];
    const search = new LogSearch(ask, 'x', 50, ({ lines }) => told.push([...lines]));
    expect(await idle(search)).toEqual([3, 40, 55, 99]);
    expect(asked).toEqual([50, 80, 0, 30]);
    expect(told[0]).toEqual([55]);
    expect(told).toContainEqual([55, 99]);
  });

  it('finds in what the log grows by, and the end of the line that was not whole', async () => {
    const log = { lines: [1], length: 10 };
    const { ask, asked } = serverOf(log, 1_000);
    const search = new LogSearch(ask, 'x', 0, () => undefined);
    expect(await idle(search)).toEqual([1]);
    log.lines = [1, 9, 12];
    log.length = 14;
    search.grew(14);
    search.grew(14);
    expect(await idle(search)).toEqual([1, 9, 12]);
    expect(asked).toEqual([0, 9]);
    search.grew(14);
    expect(asked).toHaveLength(2);
  });

  it('that the log outgrows while it is busy goes on by itself', async () => {
    const log = { lines: [1], length: 10 };
    const { ask } = serverOf(log, 1_000);
    const search = new LogSearch(ask, 'x', 0, () => undefined);
    search.grew(12);
    await sleep(0);
    log.lines = [1, 11];
    log.length = 12;
    await vi.waitFor(() => expect(search.found).toEqual({ lines: [1, 11], busy: false, isCut: false }));
  });

  it('misses nothing that comes while the start is looked through', async () => {
    const log = { lines: [0], length: 10 };
    const { ask } = serverOf(log, 1_000);
    const search = new LogSearch(
      async (text, from) => {
        if (from === 0) Object.assign(log, { lines: [0, 10], length: 11 });
        return ask(text, from);
      },
      'x',
      5,
      () => undefined,
    );
    search.grew(11);
    await vi.waitFor(() => expect(search.found).toEqual({ lines: [0, 10], busy: false, isCut: false }));
  });

  it('ends with a log that is gone, and asks a shorter one once', async () => {
    const gone = vi.fn(() => Promise.reject(new ApiError(404, { code: 'not_found', message: '', fix: '' })));
    const search = new LogSearch(gone, 'x', 0, () => undefined);
    await sleep(1_200);
    expect(gone).toHaveBeenCalledTimes(1);
    search.close();
    const { ask, asked } = serverOf({ lines: [], length: 5 }, 100);
    const shorter = new LogSearch(ask, 'x', 0, () => undefined);
    shorter.grew(100);
    await sleep(100);
    expect(asked.length).toBeLessThan(4);
    expect(shorter.found.busy).toBe(false);
  });

  it('keeps so many lines, and asks for no more', async () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => n);
    const { ask, asked } = serverOf({ lines, length: 50_000 }, 1_000);
    const search = new LogSearch(ask, 'x', 20_000, () => undefined);
    expect(await idle(search)).toEqual(lines.slice(20_000, 20_000 + MOST_FOUND));
    expect(search.found.isCut).toBe(true);
    search.grew(60_000);
    expect(search.found.busy).toBe(false);
    expect(asked).toHaveLength(11);
  });

  it('is tried again where the server does not answer', async () => {
    const { ask } = serverOf({ lines: [7], length: 10 }, 100);
    let fails = 1;
    const search = new LogSearch(
      (text, from) => (fails-- > 0 ? Promise.reject(new Error('away')) : ask(text, from)),
      'x',
      0,
      () => undefined,
    );
    await vi.waitFor(() => expect(search.found.lines).toEqual([7]), 5_000);
  });

  it('tells nothing once it is closed', async () => {
    const { ask } = serverOf({ lines: [7], length: 10 }, 100);
    const onChange = vi.fn();
    new LogSearch(ask, 'x', 0, onChange).close();
    await sleep(20);
    expect(onChange).not.toHaveBeenCalled();
  });
});

it('goes from one found line to the next, and around', () => {
  expect(nextFound([2, 5, 9], 5, 1)).toBe(9);
  expect(nextFound([2, 5, 9], 6, -1)).toBe(5);
  expect(nextFound([2, 5, 9], 9, 1)).toBe(2);
  expect(nextFound([2, 5, 9], 2, -1)).toBe(9);
  expect(nextFound([], 0, 1)).toBeNull();
});

it('is told in words', () => {
  expect(foundWords(NOTHING, null)).toBe('not found');
  expect(foundWords({ ...NOTHING, busy: true }, null)).toBe('looking…');
  expect(foundWords({ lines: [4], busy: false, isCut: false }, null)).toBe('1 line');
  expect(foundWords({ lines: [4, 8], busy: false, isCut: false }, 8)).toBe('2 of 2');
  expect(foundWords({ lines: [4, 8], busy: true, isCut: false }, 4)).toBe('1 of 2…');
  expect(foundWords({ lines: [4, 8], busy: false, isCut: true }, 4)).toBe('2+ lines');
});
