import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { openFileLogStore } from '../../../src/logs/file-log-store.ts';
import { logPath } from '../../../src/logs/log-path.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-log-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the log record', () => {
  it('keeps every acknowledged byte through kill -9 at any moment', async () => {
    const log = newId('att');
    let acknowledged = 0;
    let whole = Buffer.alloc(0);
    for (let round = 0; round < 12; round++) {
      const writer = spawn(process.execPath, [path.join(import.meta.dirname, 'append-loop.ts'), folder, log]);
      const exited = once(writer, 'exit');
      const lines = createInterface({ input: writer.stdout });
      const [first] = (await once(lines, 'line')) as [string];
      expect(Number(first)).toBeGreaterThanOrEqual(acknowledged);
      lines.on('line', (line) => (acknowledged = Number(line)));
      await setTimeout(20 + 17 * round);
      // On a busy machine the first append may take longer than that.
      while (acknowledged === 0) await setTimeout(5);
      writer.kill('SIGKILL');
      await exited;

      const store = openFileLogStore(folder);
      const { bytes, lines: count } = await store.state(log);
      expect(bytes).toBeGreaterThanOrEqual(acknowledged);
      const now = Buffer.from(await store.readBytes(log, 0, bytes));
      expect(now.subarray(0, whole.length).equals(whole)).toBe(true);
      expect(now.toString().split('\n').length - 1).toBe(count);
      expect((await store.readLines(log, count - 1, 1))[0]?.text).toMatch(/^\d+ x*$/);
      await store.close();
      whole = now;
    }
    expect(acknowledged).toBeGreaterThan(10_000);
  });

  // A mount needs root; elsewhere the disk cannot be filled without harm to others.
  it.runIf(process.getuid?.() === 0)(
    'says that the disk is full, leaves no torn record, and goes on when there is room',
    async () => {
      const mount = path.join(folder, 'small');
      execFileSync('mkdir', [mount]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'slipway-test', mount]);
      try {
        const log = newId('att');
        const line = `${'y'.repeat(999)}\n`;
        const bytes = Buffer.from(line.repeat(20));
        const segments = [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }];
        let store = openFileLogStore(mount);
        let offset = 0;
        const append = async () => {
          await store.append([{ logId: log, offset, segments, bytes, end: false }]);
          offset += bytes.length;
        };
        const fill = async () => {
          for (let n = 0; n < 100; n++) await append();
        };
        await writeFile(path.join(mount, 'ballast'), Buffer.alloc(200_000));
        await expect(fill()).rejects.toMatchObject({ code: 'disk_full', http: 507 });
        expect(offset).toBeGreaterThan(100_000);
        expect((await readFile(`${logPath(mount, log)}.log`)).length).toBe(offset);
        await expect(append()).rejects.toMatchObject({ code: 'disk_full' });
        expect(await store.state(log)).toMatchObject({ bytes: offset, lines: offset / 1000 });

        await rm(path.join(mount, 'ballast'));
        await append();
        await store.close();
        store = openFileLogStore(mount);
        expect(await store.state(log)).toMatchObject({ bytes: offset, lines: offset / 1000 });
        expect((await store.readLines(log, offset / 1000 - 1, 5)).map(({ text }) => text)).toEqual([
          line.trimEnd(),
        ]);
        await store.close();
      } finally {
        execFileSync('umount', [mount]);
      }
    },
  );
});
