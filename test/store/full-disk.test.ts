import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { recordEvent } from '../../src/builds/record-event.ts';
import { openStore } from '../../src/store/open-store.ts';
import { makeDisk, mayMakeDisks } from '../experiments/path/disk.ts';

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
      const event = { at: 1, subject: 'build', subjectId: 'bld', buildId: null, type: 'build.running' };
      const put = (bytes: number) =>
        store.transaction((tx) => recordEvent(tx, { ...event, detail: { text: 'x'.repeat(bytes) } }));
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
