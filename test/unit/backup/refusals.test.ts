import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Installation } from '../../../src/backup/installation.ts';
import { restoreBackup } from '../../../src/backup/restore-backup.ts';
import { takeBackup } from '../../../src/backup/take-backup.ts';
import { Problem } from '../../../src/core/problem.ts';
import { prepareRouter } from '../../../worker/router/open-router.ts';
import { kill, makeGround, type Ground } from './support.ts';

let ground: Ground;
let origin: Installation;
let good: string;
const to = (name: string): string => path.resolve(ground.dir, name);

beforeAll(async () => {
  ground = await makeGround();
  origin = ground.place('origin');
  const server = await ground.startWriting(origin);
  await prepareRouter(origin.routerDir, { binds: ['127.0.0.1:18080'], backends: 7 });
  await sleep(300);
  await kill(server);
  good = to('good');
  await takeBackup(origin, good);
  await writeFile(to('file'), 'mine');
  await symlink('nowhere', to('dangling'));
  await symlink('loop', to('loop'));
});
afterAll(() => ground.stop());

/** An installation in that folder, wherever that is. */
function at(name: string): Installation {
  const dataDir = to(name);
  const file = path.join(dataDir, 'slipway.db');
  return { dataDir, database: { kind: 'sqlite', file }, routerDir: path.join(dataDir, 'router') };
}

/** What is there, two levels deep, and what the work is refused with. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  const before = await namesHere();
  const error: unknown = await work().then(
    () => new Error('it was done'),
    (thrown: unknown) => thrown,
  );
  expect(await namesHere()).toEqual(before);
  if (error instanceof Problem) return `${error.code}: ${error.message}`;
  throw error;
}

async function namesHere(): Promise<readonly string[]> {
  const names = await readdir(ground.dir, { recursive: true });
  return names.filter((name) => name.split('/').length < 3 && !name.startsWith('origin')).sort();
}

describe('a backup that cannot be written names the place and why, and leaves nothing', () => {
  it.each([
    ['/proc/slipway', /^backup_failed: .*ENOENT.*\/proc\/slipway/],
    ['/proc/a/b', /^backup_failed: .*ENOENT.*'\/proc\/a'/],
    ['file', /^backup_target_taken: \S+\/file is no folder\.$/],
    ['file/x/y', /^backup_failed: .*ENOTDIR.*\/file\/x/],
    ['dangling', /^backup_target_taken: \S+\/dangling is no folder\.$/],
    ['dangling/x', /^backup_failed: .*EEXIST.*\/dangling'/],
    ['loop/x', /^backup_failed: .*ELOOP.*\/loop\/x/],
    ['n'.repeat(300), /^backup_failed: .*ENAMETOOLONG.*\/nnn/],
    ['origin/x', /^backup_target_taken: \S+\/origin\/x is in the data folder\.$/],
    ['good', /^backup_target_taken: \S+\/good holds something already\.$/],
  ])('%s', async (target, message) => {
    expect(await refusal(() => takeBackup(origin, to(target)))).toMatch(message);
  });

  it('on a disk that is full or read-only', async ({ skip }) => {
    await onDisk(skip, 'size=64k', async (disk) => {
      for (const name of ['x', 'a/b/x'])
        expect(await refusal(() => takeBackup(origin, path.join(disk, name)))).toBe(
          `disk_full: The disk that holds ${path.dirname(path.join(disk, name))} is full.`,
        );
    });
    await onDisk(skip, 'ro', async (disk) => {
      expect(await refusal(() => takeBackup(origin, path.join(disk, 'a', 'x')))).toMatch(
        /^backup_failed: .*EROFS.*\/disk\/a'/,
      );
    });
  });
});

describe('a backup of what cannot be read names the file', () => {
  it.each<[string, (data: string) => Promise<void>, RegExp]>([
    ['slipway.db', (file) => writeFile(file, 'no database'), /\/slipway\.db: file is not a database/],
    ['keys', (file) => mkdir(file), /\/keys is no file/],
    ['keys', (file) => symlink('/etc/passwd', file), /ELOOP.*\/keys'/],
    ['logs', (file) => writeFile(file, ''), /ENOTDIR.*\/logs'/],
    ['router', (file) => writeFile(file, ''), /ENOTDIR.*\/router'/],
  ])('%s', async (name, put, message) => {
    const place = ground.place('broken');
    await cp(origin.dataDir, place.dataDir, { recursive: true, verbatimSymlinks: true });
    for (const part of name === 'slipway.db' ? ['', '-wal', '-shm'] : [''])
      await rm(path.join(place.dataDir, `${name}${part}`), { recursive: true, force: true });
    await put(path.join(place.dataDir, name));
    const refused = await refusal(() => takeBackup(place, to('of-broken')));
    expect(refused).toMatch(/^backup_failed: /);
    expect(refused).toMatch(message);
    await rm(place.dataDir, { recursive: true });
  });
});

describe('a restore that cannot be written names the place and why, and leaves it as it was', () => {
  it.each([
    ['/proc/slipway', /^data_folder_wrong: .*\/proc\/slipway/],
    ['file', /^data_folder_wrong: .*\/file/],
    ['file/x', /^data_folder_wrong: .*\/file/],
    ['loop/x', /^restore_failed: .*ELOOP.*\/loop/],
  ])('%s', async (name, message) => {
    expect(await refusal(() => restoreBackup(at(name), good))).toMatch(message);
  });

  it.each([
    ['logs', (file: string) => writeFile(file, '')],
    ['router', (file: string) => writeFile(file, '')],
    ['slipway.db', (file: string) => mkdir(file)],
    ['slipway.db', (file: string) => writeFile(file, 'no database')],
  ])('%s is something else', async (name, put) => {
    const place = ground.place('other');
    await mkdir(place.dataDir);
    await put(path.join(place.dataDir, name));
    expect(await refusal(() => restoreBackup(place, good))).toMatch(
      new RegExp(`^restore_place_taken: \\S+/other holds ${name} already`),
    );
    await rm(place.dataDir, { recursive: true });
  });

  it('a router folder that cannot be made, after all else was put', async () => {
    const place = { ...ground.place('router-away'), routerDir: '/proc/slipway/router' };
    expect(await refusal(() => restoreBackup(place, good))).toMatch(/^restore_failed: .*'\/proc\/slipway'/);
  });

  it('on a disk that is full or read-only', async ({ skip }) => {
    await onDisk(skip, 'size=64k', async (disk) => {
      for (const name of ['.', 'a/b'])
        expect(await refusal(() => restoreBackup(at(path.join(disk, name)), good))).toBe(
          `disk_full: The disk that holds ${path.join(disk, name)} is full.`,
        );
    });
    await onDisk(skip, 'ro', async (disk) => {
      for (const name of ['.', 'a/b'])
        expect(await refusal(() => restoreBackup(at(path.join(disk, name)), good))).toMatch(
          /^data_folder_wrong: .*EROFS.*\/disk/,
        );
    });
  });
});

describe('what is no backup', () => {
  it.each([
    ['not-there', /^backup_missing: .*ENOENT.*\/not-there/],
    ['file', /^backup_missing: .*ENOTDIR.*\/file/],
    ['loop', /^backup_missing: .*ELOOP.*\/loop/],
  ])('is told from one that is damaged: %s', async (name, message) => {
    expect(await refusal(() => restoreBackup(ground.place('fresh'), to(name)))).toMatch(message);
  });

  it.each([
    ['manifest.json', (file: string) => rm(file), /it has no manifest\.json/],
    ['manifest.json', (file: string) => truncate(file, 100), /manifest\.json cannot be read/],
    ['manifest.json', pipe, /manifest\.json cannot be read \(it is no file\)/],
    ['keys', pipe, /keys cannot be read \(\S+ is no file\)/],
    ['keys', (file: string) => rm(file), /keys is not there/],
  ])('is not waited for: %s', async (name, harm, message) => {
    const folder = to('harmed');
    await cp(good, folder, { recursive: true });
    await harm(path.join(folder, name));
    const refused = await refusal(() => restoreBackup(ground.place('fresh'), folder));
    expect(refused).toMatch(/^backup_damaged: /);
    expect(refused).toMatch(message);
    await rm(folder, { recursive: true });
  });
});

async function pipe(file: string): Promise<void> {
  await rm(file);
  execFileSync('mkfifo', [file]);
}

async function onDisk(
  skip: (condition: boolean, note: string) => void,
  options: string,
  work: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = to('disk');
  await mkdir(disk, { recursive: true });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
  skip(status !== 0, 'a mount needs root');
  try {
    await work(disk);
  } finally {
    execFileSync('umount', [disk]);
  }
}
