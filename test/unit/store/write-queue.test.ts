import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqlite } from '../../../src/store/sqlite.ts';
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
