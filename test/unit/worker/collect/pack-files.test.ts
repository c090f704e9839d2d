import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listFiles } from '../../../../worker/collect/collect-files.ts';
import { packFiles } from '../../../../worker/collect/pack-files.ts';
import { localPlace, silentPlace } from './local-place.ts';

let folder: string;
let archive: string;
beforeEach(() => {
  const parent = mkdtempSync(path.join(tmpdir(), 'slipway-pack-'));
  folder = path.join(parent, 'workspace');
  archive = path.join(parent, 'packed.tar.gz');
  mkdirSync(path.join(folder, 'dist'), { recursive: true });
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

const pack = async (...patterns: string[]) => {
  const place = localPlace(folder);
  return packFiles(place, await listFiles(place, patterns), archive);
};

it('packs files with their permissions and long names, hard links as such, and no symbolic ones, for any tar to read', async () => {
  const long = `dist/${'a-long-folder/'.repeat(12)}ein Name ☃`;
  mkdirSync(path.join(folder, path.dirname(long)), { recursive: true });
  writeFileSync(path.join(folder, long), 'long');
  writeFileSync(path.join(folder, 'dist/run'), Buffer.alloc(100_000, 'x'), { mode: 0o755 });
  linkSync(path.join(folder, 'dist/run'), path.join(folder, 'dist/run-again'));
  symlinkSync('/etc/passwd', path.join(folder, 'dist/passwd'));
  writeFileSync(path.join(folder, 'other'), 'not asked for');
  const packed = await pack('dist');
  const bytes = readFileSync(archive);
  expect(packed).toEqual({
    files: 3,
    bytes: bytes.length,
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  });
  const out = path.join(path.dirname(folder), 'out');
  mkdirSync(out);
  expect(spawnSync('tar', ['-C', out, '-xzf', archive]).status).toBe(0);
  expect(readFileSync(path.join(out, long), 'utf8')).toBe('long');
  expect(readFileSync(path.join(out, 'dist/run-again'))).toEqual(Buffer.alloc(100_000, 'x'));
  const { stdout } = spawnSync('tar', ['-tvzf', archive], { encoding: 'utf8' });
  expect(stdout).toMatch(/^-rwxr-xr-x 0\/0 .* dist\/run$/m);
  expect(stdout).not.toMatch(/passwd|other/);
});

it('writes over no file that is there, and ends with the signal', async () => {
  writeFileSync(path.join(folder, 'a'), 'a');
  writeFileSync(archive, 'of somebody');
  await expect(pack('a')).rejects.toThrow('EEXIST');
  rmSync(archive);
  const stop = AbortSignal.abort(new Error('cancelled'));
  await expect(packFiles(localPlace(folder, stop), ['a'], archive)).rejects.toThrow();
  rmSync(archive, { force: true });
  const over = new AbortController();
  const packing = packFiles(silentPlace(over.signal), ['a'], archive);
  setTimeout(() => over.abort(new Error('cancelled')), 10);
  await expect(packing).rejects.toThrow();
});
