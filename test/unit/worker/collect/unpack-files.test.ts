import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFiles } from '../../../../worker/collect/collect-files.ts';
import { packFiles } from '../../../../worker/collect/pack-files.ts';
import {
  NotUnpacked,
  unpackFiles,
  unpackingInto,
  type Unpacking,
} from '../../../../worker/collect/unpack-files.ts';
import { endOfTar, tarHeader, tarOf, tarPadding } from '../../../../worker/engine/tar.ts';
import { localPlace } from './local-place.ts';

let root: string;
let checkout: string;
let unpacking: Unpacking;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-unpack-'));
  checkout = path.join(root, 'checkout');
  mkdirSync(checkout);
  unpacking = unpackingInto(checkout);
});
afterEach(() => rmSync(root, { recursive: true }));

const signal = new AbortController().signal;
const at = (name: string): string => path.join(checkout, name);

const unpack = (bytes: Buffer, { below = '.', owner = 'build' } = {}) => {
  const file = path.join(root, 'archive.tar.gz');
  writeFileSync(file, gzipSync(bytes));
  return unpackFiles(unpacking, { file, below, owner, signal });
};

const holding = (name: string, text = 'new') => tarOf([{ name, mode: 0o644, bytes: Buffer.from(text) }]);

/** An archive of one entry that no packer of ours writes. */
function entryOf(type: string, name: string, linkName = ''): Buffer {
  const header = tarHeader({ name, mode: 0o777, bytes: 0, linkName: linkName === '' ? null : linkName });
  header.write(type, 156);
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, endOfTar()]);
}

describe('an artifact', () => {
  it('is unpacked as it was packed: permissions, long names, hard links', async () => {
    const from = path.join(root, 'from');
    const long = `dist/${'a-long-folder/'.repeat(12)}ein Name ☃`;
    mkdirSync(path.join(from, path.dirname(long)), { recursive: true });
    writeFileSync(path.join(from, long), 'long');
    writeFileSync(path.join(from, 'dist/run'), Buffer.alloc(100_000, 'x'), { mode: 0o755 });
    linkSync(path.join(from, 'dist/run'), path.join(from, 'dist/run-again'));
    const place = localPlace(from);
    const file = path.join(root, 'packed.tar.gz');
    await packFiles(place, await listFiles(place, ['dist']), file);
    expect(await unpackFiles(unpacking, { file, below: 'out', owner: 'build', signal })).toBe(3);
    expect(readFileSync(at(`out/${long}`), 'utf8')).toBe('long');
    expect(statSync(at('out/dist/run')).mode & 0o777).toBe(0o755);
    expect(readFileSync(at('out/dist/run-again'))).toEqual(Buffer.alloc(100_000, 'x'));
  });

  it('replaces files and links that are there, and writes into none of them', async () => {
    const outside = path.join(root, 'outside');
    writeFileSync(outside, 'old');
    linkSync(outside, at('hard'));
    symlinkSync(outside, at('soft'));
    await unpack(holding('hard'));
    await unpack(holding('soft'));
    expect(readFileSync(outside, 'utf8')).toBe('old');
    expect([readFileSync(at('hard'), 'utf8'), readFileSync(at('soft'), 'utf8')]).toEqual(['new', 'new']);
  });

  it('of one workflow is written over by a later one, but never by that of another', async () => {
    await unpack(holding('a', '1'));
    await unpack(holding('a', '2'));
    expect(readFileSync(at('a'), 'utf8')).toBe('2');
    await expect(unpack(holding('a', '3'), { owner: 'other' })).rejects.toThrow(
      'a is in artifacts of build and of other: write a `path` for one of them',
    );
    await unpack(holding('a', '3'), { owner: 'other', below: 'b' });
    expect([readFileSync(at('a'), 'utf8'), readFileSync(at('b/a'), 'utf8')]).toEqual(['2', '3']);
  });
});

describe('what an archive has that is not for a workspace is refused, and nothing is outside', () => {
  beforeEach(() => {
    mkdirSync(path.join(root, 'secret'));
    symlinkSync(path.join(root, 'secret'), at('linked'));
    symlinkSync('linked', at('twice'));
    writeFileSync(at('file'), 'x');
    mkdirSync(at('folder'));
    mkdirSync(at('.git'));
  });
  afterEach(() => {
    expect(readdirSync(path.join(root, 'secret'))).toEqual([]);
    expect(readdirSync(at('.git'))).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['archive.tar.gz', 'checkout', 'secret']);
  });

  it.each([
    ['..', holding('../x')],
    ['.. in the middle', holding('folder/../../x')],
    ['an absolute name', holding('/tmp/x')],
    ['a name with a line break', holding('a\nb')],
    ['no name', holding('./')],
    ['a file behind a link', holding('linked/x')],
    ['a file behind a link to a link', holding('twice/x')],
    ['a file below a file', holding('file/x')],
    ['a file in the place of a folder', holding('folder')],
    ['a file of git', holding('.git/config')],
    ['a hook of a repository inside', holding('folder/.git/hooks/post-checkout')],
    ['a symbolic link', entryOf('2', 'x', '/etc/passwd')],
    ['a device', entryOf('3', 'x')],
    ['a pipe', entryOf('6', 'x')],
    ['a folder', entryOf('5', 'x/')],
    ['another name of what is not in it', entryOf('1', 'x', 'file')],
    ['another name of what is outside', entryOf('1', 'x', '../secret/y')],
  ])('%s', async (_, bytes) => {
    await expect(unpack(bytes)).rejects.toBeInstanceOf(NotUnpacked);
  });

  it('and a folder of the file that leads through a link', async () => {
    await expect(unpack(holding('x'), { below: 'linked' })).rejects.toThrow(
      'linked is a link in the repository',
    );
  });
});

it('a small archive that becomes a huge file is given up at the bound', async () => {
  const bytes = 1024 ** 2;
  unpacking.bytes = 16 * 1024 ** 3 - bytes + 1;
  const header = tarHeader({ name: 'zeros', mode: 0o644, bytes, linkName: null });
  const zeros = Buffer.concat([header, Buffer.alloc(bytes), tarPadding(bytes), endOfTar()]);
  await expect(unpack(zeros)).rejects.toThrow('a workflow takes at most 17179869184 bytes, unpacked');
  unpacking.bytes = 0;
  unpacking.files = 200_000;
  await expect(unpack(holding('x'))).rejects.toThrow('at most 200000 files');
});

it('ends with the signal, and fails on what is no archive', async () => {
  const file = path.join(root, 'archive.tar.gz');
  writeFileSync(file, 'no gzip');
  await expect(unpackFiles(unpacking, { file, below: '.', owner: 'build', signal })).rejects.toThrow(
    'header',
  );
  writeFileSync(file, gzipSync(holding('x')));
  const stopped = AbortSignal.abort(new Error('cancelled'));
  await expect(
    unpackFiles(unpacking, { file, below: '.', owner: 'build', signal: stopped }),
  ).rejects.toThrow();
  expect(readdirSync(checkout)).toEqual([]);
});
