import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDataFolder } from '../../../src/files/open-data-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slw-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('makes it for its owner alone, and leaves one that is there', async () => {
  const folder = path.join(dir, 'a', 'data');
  await openDataFolder(folder);
  await writeFile(path.join(folder, 'kept'), '');
  await openDataFolder(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path.join(folder, 'kept'))).isFile()).toBe(true);
});

it('names a file that stands there', async () => {
  const folder = path.join(dir, 'file');
  await writeFile(folder, '');
  await expect(openDataFolder(folder)).rejects.toMatchObject({
    code: 'data_folder_wrong',
    details: { folder, cause: expect.stringContaining('EEXIST') as string },
  });
});

it('makes the folders in it, and names one in whose place a file stands', async () => {
  const folder = path.join(dir, 'data');
  await openDataFolder(folder, ['logs', 'mirrors']);
  expect((await stat(path.join(folder, 'logs'))).mode & 0o777).toBe(0o700);
  await writeFile(path.join(folder, 'artifacts'), '');
  await expect(openDataFolder(folder, ['logs', 'artifacts'])).rejects.toMatchObject({
    code: 'data_folder_wrong',
    details: { folder: path.join(folder, 'artifacts'), cause: expect.stringContaining('EEXIST') as string },
  });
});

it('says of a disk that it is read-only', async ({ skip }) => {
  const disk = path.join(dir, 'disk');
  await mkdir(disk);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]);
  skip(status !== 0, 'a mount needs root');
  try {
    for (const folder of [disk, path.join(disk, 'data'), path.join(disk, 'a', 'data')])
      await expect(openDataFolder(folder)).rejects.toMatchObject({
        code: 'data_folder_wrong',
        details: { folder, cause: expect.stringContaining('EROFS') as string },
      });
  } finally {
    execFileSync('umount', [disk]);
  }
});
