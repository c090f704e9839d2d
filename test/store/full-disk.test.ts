import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { recordEvent } from '../../src/builds/record-event.ts';
import type { Problem } from '../../src/core/problem.ts';
import { openStore } from '../../src/store/open-store.ts';
import { makeDisk, mayMakeDisks } from '../experiments/path/disk.ts';
import { waitFor } from '../support/wait.ts';

let dir = '';
afterEach(() => rm(dir, { recursive: true, force: true }));

// A mount needs root.
it.runIf(mayMakeDisks())(
  'says that the disk is full, keeps nothing of it, and goes on when there is room',
  async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'slipway-full-'));
    const disk = await makeDisk(path.join(dir, 'data'), 64 * 1024 ** 2);
    try {
      const store = await openStore(path.join(disk.folder, 'slipway.db'));
      const put = (bytes: number) =>
        store.transaction((tx) => recordEvent(tx, { ...EVENT, detail: { text: 'x'.repeat(bytes) } }));
      const count = async () => (await store.db.selectFrom('event').select('id').execute()).length;
      await put(1);
      const free = await disk.fill();
      const full = { code: 'disk_full', http: 507 };
      await expect(put(2_000_000)).rejects.toMatchObject(full);
      await expect(put(2_000_000)).rejects.toMatchObject(full);
      expect(await count()).toBe(1);
      await free();
      await put(2_000_000);
      expect(await count()).toBe(2);
      await store.close();
    } finally {
      await disk.remove();
    }
  },
);

it.runIf(mayMakeDisks())(
  'stays the one that writes, though its lock cannot be renewed for a while',
  async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'slipway-full-'));
    const disk = await makeDisk(path.join(dir, 'data'), 64 * 1024 ** 2);
    try {
      const lost: Problem[] = [];
      const missed: unknown[] = [];
      const store = await openStore(path.join(disk.folder, 'slipway.db'), {
        onLockLost: (problem) => lost.push(problem),
        onError: (error) => missed.push(error),
      });
      const put = () => store.transaction((tx) => recordEvent(tx, { ...EVENT, detail: {} }));
      const free = await disk.fill();
      const fillUp = async (): Promise<void> => {
        for (;;) await put();
      };
      await expect(fillUp()).rejects.toMatchObject({ code: 'disk_full' });
      await waitFor('a renewal has failed', () => missed.length > 0);
      expect(missed[0]).toMatchObject({ code: 'disk_full' });
      expect(lost).toEqual([]);
      await free();
      await put();
      await store.close();
    } finally {
      await disk.remove();
    }
  },
);

const EVENT = { at: 1, subject: 'build', subjectId: 'bld', buildId: null, type: 'build.running' } as const;
