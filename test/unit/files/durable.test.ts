import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  makeFileOnce,
  makeFolderDurably,
  removeFolders,
  replaceDurably,
} from '../../../src/files/durable.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slw-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('makes a folder with those above it, and gives those that were not there', async () => {
  await mkdir(path.join(dir, 'a'), { mode: 0o755 });
  const made = await makeFolderDurably(path.join(dir, 'a', 'b', 'c'), 0o700);
  expect(made).toEqual([path.join(dir, 'a', 'b'), path.join(dir, 'a', 'b', 'c')]);
  for (const folder of made) expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path.join(dir, 'a'))).mode & 0o777).toBe(0o755);
  expect(await makeFolderDurably(path.join(dir, 'a', 'b', 'c'))).toEqual([]);
  await writeFile(path.join(dir, 'a', 'b', 'kept'), '');
  await removeFolders(made);
  expect(await readdir(path.join(dir, 'a', 'b'))).toEqual(['kept']);
});

it('takes a link to a folder for one, and makes the same folder twice at once', async () => {
  await mkdir(path.join(dir, 'real'));
  await symlink('real', path.join(dir, 'link'));
  const twice = [1, 2].map(() => makeFolderDurably(path.join(dir, 'link', 'x', 'y')));
  const made = (await Promise.all(twice)).flat();
  expect([...new Set(made)]).toHaveLength(made.length);
  expect(await readdir(path.join(dir, 'real', 'x'))).toEqual(['y']);
});

it.each([
  ['/proc/slipway-is-not-here/x', 'ENOENT'],
  ['file/x', 'EEXIST'],
  ['dangling/x', 'EEXIST'],
  [`made/${'n'.repeat(300)}`, 'ENAMETOOLONG'],
])('ends with the reason where it cannot be made, and leaves nothing: %s', async (name, code) => {
  await writeFile(path.join(dir, 'file'), '');
  await symlink('nowhere', path.join(dir, 'dangling'));
  await expect(makeFolderDurably(path.resolve(dir, name))).rejects.toMatchObject({ code });
  expect((await readdir(dir)).sort()).toEqual(['dangling', 'file']);
});

it('leaves nothing of a file for which there is no room', async ({ skip }) => {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', dir]);
  skip(status !== 0, 'a mount needs root');
  try {
    await writeFile(path.join(dir, 'all-that-fits'), Buffer.alloc(4_096));
    const file = path.join(dir, 'file');
    await expect(makeFileOnce(file, 'text')).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(replaceDurably(file, (aside) => writeFile(aside, 'text'))).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect(await readdir(dir)).toEqual(['all-that-fits']);
  } finally {
    execFileSync('umount', [dir]);
  }
});

it('gives a file the place of another, and of one that cannot have it leaves nothing', async () => {
  const [file, folder] = [path.join(dir, 'file'), path.join(dir, 'folder')];
  await writeFile(file, 'old');
  await replaceDurably(file, (aside) => writeFile(aside, 'new'));
  expect(await readFile(file, 'utf8')).toBe('new');
  await mkdir(folder);
  await expect(replaceDurably(folder, (aside) => writeFile(aside, 'new'))).rejects.toMatchObject({
    code: 'EISDIR',
  });
  expect((await readdir(dir)).sort()).toEqual(['file', 'folder']);
});
