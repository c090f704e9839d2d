import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runChecks } from '../../../src/doctor/check.ts';
import { checkDatabase } from '../../../src/doctor/database.ts';
import { openStore } from '../../../src/store/open-store.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-unusable-'));
  file = path.join(folder, 'slipway.db');
});
afterEach(() => rm(folder, { recursive: true }));

it('a file that is no database is named, and stays as it is', async () => {
  await writeFile(file, 'garbage '.repeat(100));
  await expect(openStore(file)).rejects.toMatchObject({
    code: 'database_unusable',
    message: `The database ${file} cannot be used: file is not a database.`,
  });
  const place = { dataDir: folder, routerDir: folder, database: { kind: 'sqlite', file } } as const;
  const [finding] = await runChecks([checkDatabase(place)], 10_000);
  expect(finding).toMatchObject({
    verdict: 'fail',
    says: `The database ${file} cannot be used: file is not a database.`,
  });
  expect(await readFile(file, 'utf8')).toBe('garbage '.repeat(100));
});

it('so is a folder in its place', async () => {
  await mkdir(file);
  await expect(openStore(file)).rejects.toMatchObject({ code: 'database_unusable', details: { file } });
  expect(await readdir(file)).toEqual([]);
});

it('so is a database that was cut short', async () => {
  await (await openStore(file)).close();
  const whole = path.join(folder, 'whole.db');
  const database = new DatabaseSync(file);
  database.prepare('vacuum into ?').run(whole);
  database.close();
  for (const name of await readdir(folder)) if (name !== 'whole.db') await rm(path.join(folder, name));
  await writeFile(file, (await readFile(whole)).subarray(0, 5_000));
  await expect(openStore(file)).rejects.toMatchObject({ code: 'database_unusable', details: { file } });
});

it('a disk without room for its first page is full, and not the file wrong', async ({ skip }) => {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder]);
  skip(status !== 0, 'a mount needs root');
  try {
    await expect(openStore(file)).rejects.toMatchObject({ code: 'disk_full', details: { path: folder } });
  } finally {
    execFileSync('umount', [folder]);
  }
});
