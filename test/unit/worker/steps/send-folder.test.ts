import { linkSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendFolder } from '../../../../worker/steps/send-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-send-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('sends every file below the name of the target', async () => {
  writeFileSync(path.join(folder, 'a.txt'), 'of the folder');
  let sent = Buffer.alloc(0);
  await sendFolder(folder, '/workspace', async (archive) => void (sent = await buffer(archive)));
  expect(sent.toString()).toContain('workspace/a.txt');
  expect(sent.toString()).toContain('of the folder');
});

// The pipe and the streams hold what tar puts out, so that it has ended by the time that the connection breaks.
it.each([1_000, 100_000, 130_000, 160_000])(
  'ends with the cause when the connection breaks after %i bytes that nobody reads',
  async (bytes) => {
    writeFileSync(path.join(folder, 'file'), Buffer.alloc(bytes));
    const sending = sendFolder(folder, '/workspace', async (archive) => {
      const stuck = new Writable({ write: () => undefined });
      archive.pipe(stuck);
      await sleep(300);
      stuck.destroy();
      throw new Error('the engine is away');
    });
    await expect(sending).rejects.toThrow('the engine is away');
  },
  5_000,
);

/** Larger than what the pipe and the streams hold: tar is in the midst of it when its first bytes are there. */
const LARGE = 8 * 1024 * 1024;

/** Sends the folder, and does something to it while its only file is read. */
async function sendWhile(act: (file: string) => void): Promise<Buffer> {
  const file = path.join(folder, 'objects.pack');
  writeFileSync(file, Buffer.alloc(LARGE, 'x'));
  let sent = Buffer.alloc(0);
  await sendFolder(folder, '/workspace', async (archive) => {
    await once(archive, 'readable');
    act(file);
    sent = await buffer(archive);
  });
  return sent;
}

it('takes no harm of another checkout that links the same objects meanwhile', async () => {
  const sent = await sendWhile((file) => linkSync(file, path.join(folder, 'linked')));
  expect(sent.indexOf('x'.repeat(1024))).toBeGreaterThan(0);
  expect(sent.byteLength).toBeGreaterThan(LARGE);
});

it('says of a file that shrank while it was read that it did', async () => {
  const sending = sendWhile((file) => truncateSync(file, LARGE / 2));
  await expect(sending).rejects.toThrow(/tar ended with 1: .*File shrank by \d+ bytes/s);
});

it('says why tar failed', async () => {
  const sending = sendFolder(
    path.join(folder, 'none'),
    '/workspace',
    async (archive) => void (await buffer(archive)),
  );
  await expect(sending).rejects.toThrow(/tar ended with \d+: .*none/s);
});
