import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { openSqlite } from '../../../src/store/sqlite.ts';
import type { Change } from '../../../src/store/store.ts';
import { createWriteQueue } from '../../../src/store/write-queue.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-queue-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('puts grouped works that come within one turn of the event loop into one commit', async () => {
  const { writer, reader } = openSqlite(path.join(folder, 'a.db'));
  let commits = 0;
  const queue = createWriteQueue({
    db: writer,
    check: async () => void commits++,
    isTraced: false,
    emit: () => undefined,
    onDoubt: () => undefined,
  });
  const works: Promise<number>[] = [];
  for (let n = 0; n < 10; n++) {
    works.push(queue.grouped(async () => n));
    await Promise.resolve(); // as requests that are read one after the other
  }
  expect(await Promise.all(works)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(commits).toBe(1);
  await Promise.all([writer.destroy(), reader.destroy()]);
});

it('runs nothing again whose commit was not answered, and tells what it may have changed', async () => {
  const { writer, reader } = openSqlite(path.join(folder, 'b.db'));
  const [told, doubted]: [Change[], Change[]] = [[], []];
  const queue = createWriteQueue({
    db: writer,
    check: async () => undefined,
    isTraced: false,
    emit: (changes) => told.push(...changes),
    onDoubt: (changes) => doubted.push(...changes),
  });
  let runs = 0;
  const works = ['first', 'second'].map((id) =>
    queue.grouped(async ({ changed }) => {
      runs += 1;
      changed('build', id);
      if (id === 'second') throw new Problem('database_away', { seconds: 5 });
    }),
  );
  const ends = await Promise.allSettled(works);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(runs).toBe(2);
  expect(told).toEqual([]);
  expect(doubted.map(({ id }) => id)).toEqual(['first', 'second']);
  await Promise.all([writer.destroy(), reader.destroy()]);
});
