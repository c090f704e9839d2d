import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTar, TarWrong } from '../../../../worker/engine/read-tar.ts';
import { tarOf } from '../../../../worker/engine/tar.ts';

let folder: string;
const LONG = `${'a-long-folder/'.repeat(12)}with a name ☃.txt`;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-tar-'));
  mkdirSync(path.join(folder, path.dirname(LONG)), { recursive: true });
  writeFileSync(path.join(folder, LONG), 'long');
  writeFileSync(path.join(folder, 'empty'), '', { mode: 0o600 });
  writeFileSync(path.join(folder, 'large'), Buffer.alloc(3_000, 'x'), { mode: 0o755 });
  linkSync(path.join(folder, 'large'), path.join(folder, 'second'));
  symlinkSync('/etc/passwd', path.join(folder, 'symbolic'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function entriesOf(archive: Uint8Array, { size = 10_000, read = true } = {}) {
  const found: { name: string; type: string; mode: number; bytes: number; text: string; linkName: string }[] =
    [];
  for await (const { content, ...entry } of readTar(inPieces(archive, size))) {
    const pieces: Buffer[] = [];
    if (read) for await (const piece of content) pieces.push(piece);
    found.push({ ...entry, text: Buffer.concat(pieces).toString() });
  }
  return found;
}

describe('an archive', () => {
  it.each(['gnu', 'ustar', 'pax'])(
    'of tar in the format %s is read: names, modes, bytes, links',
    async (format) => {
      const names =
        format === 'ustar'
          ? ['empty', 'large', 'second', 'symbolic']
          : ['empty', 'large', LONG, 'second', 'symbolic'];
      const made = spawnSync('tar', [`--format=${format}`, '-C', folder, '-cf', '-', ...names], {
        maxBuffer: 2 ** 24,
      });
      for (const size of [1, 511, 513, 10_000]) {
        const entries = (await entriesOf(made.stdout, { size })).filter(({ type }) => type !== 'other');
        expect(
          entries.map(({ name, type, mode, bytes, linkName }) => [name, type, mode, bytes, linkName]),
        ).toEqual([
          ['empty', 'file', 0o600, 0, ''],
          ['large', 'file', 0o755, 3_000, ''],
          // A long name of pax stands in a header of its own kind, which nobody here writes: its entry has a short one.
          ...(format === 'gnu' ? [[LONG, 'file', 0o644, 4, '']] : []),
          ...(format === 'pax' ? [[expect.any(String), 'file', 0o644, 4, '']] : []),
          ['second', 'link', 0o755, 0, 'large'],
          ['symbolic', 'symlink', 0o777, 0, '/etc/passwd'],
        ]);
        expect(entries[1]?.text).toBe('x'.repeat(3_000));
      }
    },
  );

  it('is read on where nobody reads what a file holds', async () => {
    const archive = tarOf([
      { name: 'a', mode: 0o644, bytes: Buffer.alloc(5_000, 'a') },
      { name: 'b', mode: 0o644, bytes: Buffer.from('b') },
    ]);
    expect((await entriesOf(archive, { read: false })).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('that is none, is cut off, or has no size is refused', async () => {
    const whole = tarOf([{ name: 'a', mode: 0o644, bytes: Buffer.alloc(5_000, 'a') }]);
    await expect(entriesOf(whole.subarray(0, 3_000))).rejects.toThrow(TarWrong);
    await expect(entriesOf(Buffer.alloc(2_048, 'x'))).rejects.toThrow(TarWrong);
    await expect(entriesOf(whole.subarray(0, 100))).rejects.toThrow(TarWrong);
  });

  it('without anything in it has no entries', async () => {
    expect(await entriesOf(Buffer.alloc(1_024))).toEqual([]);
    expect(await entriesOf(Buffer.alloc(0))).toEqual([]);
  });
});
