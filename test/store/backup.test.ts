import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { splitPassword } from '../../src/backup/postgres.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { takeBackup } from '../../src/backup/take-backup.ts';
import { makeGround, modesBelow, readRestored, type Ground } from '../unit/backup/support.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';

let ground: Ground;
let postgres: OwnPostgres;
let made = 0;
const newName = (name: string): string => `${name}-${(made += 1)}`;

beforeAll(async () => {
  const started = await startPostgres();
  if (started === null) throw new Error('PostgreSQL is not on this machine: apt-get install postgresql');
  postgres = started;
  ground = await makeGround();
});
afterAll(async () => {
  await ground?.stop();
  await postgres?.stop();
});

describe('a backup of a server on PostgreSQL', () => {
  it('holds every log byte that its database counts as acknowledged, while the server writes', async () => {
    const origin = ground.place(newName('origin'), await postgres.createDatabase());
    await ground.startWriting(origin);
    let before = 0;
    for (const round of ['first', 'second', 'third']) {
      const target = path.join(ground.dir, newName(round));
      const { database, schema } = await takeBackup(origin, target);
      expect({ database, schema }).toMatchObject({ database: 'postgres' });
      expect((await modesBelow(target)).filter((name) => !/ (?:600|700)$/.test(name))).toEqual([]);
      const fresh = ground.place(newName('fresh'), await postgres.createDatabase());
      await restoreBackup(fresh, target);
      const { rows, behind, wrong, fence } = await readRestored(fresh);
      expect({ behind, wrong }).toEqual({ behind: [], wrong: [] });
      expect(rows).toBeGreaterThan(before);
      expect(fence).toBeGreaterThan(1_000_000);
      before = rows;
    }
  }, 120_000);

  it('is restored into nothing but an empty database that no server has', async () => {
    const origin = ground.place(newName('busy'), await postgres.createDatabase());
    const server = await ground.startWriting(origin);
    const target = path.join(ground.dir, newName('backup'));
    await takeBackup(origin, target);
    const beside = ground.place(newName('beside'), urlOf(origin.database));
    await expect(restoreBackup(beside, target)).rejects.toMatchObject({ code: 'server_running' });
    server.kill('SIGKILL');
    await vi.waitFor(
      () => expect(restoreBackup(beside, target)).rejects.toMatchObject({ code: 'restore_place_taken' }),
      10_000,
    );
    const embedded = ground.place(newName('embedded'));
    await expect(restoreBackup(embedded, target)).rejects.toMatchObject({ code: 'restore_other_database' });
  }, 60_000);

  it('is not made of a database that cannot be reached, and says why', async () => {
    const origin = ground.place(newName('away'), 'postgres://slipway:secret@127.0.0.1:1/nobody');
    const target = path.join(ground.dir, newName('never'));
    const error = await takeBackup(origin, target).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'backup_failed' });
    expect(String((error as Error).message)).toMatch(/ECONNREFUSED/);
    expect(await readdir(ground.dir)).not.toContain(path.basename(target));
  });
});

it('a password is in no word of a command', async () => {
  expect(splitPassword('postgres://me:p%40ss@db:5432/x?sslmode=require')).toEqual({
    bare: 'postgres://me@db:5432/x?sslmode=require',
    password: 'p@ss',
  });
  expect(splitPassword('postgresql://me@/x?host=/run&password=p%40ss')).toEqual({
    bare: 'postgresql://me@/x?host=/run',
    password: 'p@ss',
  });
  expect(splitPassword('postgres://db/x?password=p&sslmode=require').bare).toBe(
    'postgres://db/x?sslmode=require',
  );
  expect(splitPassword('postgres://db:5432/x')).toEqual({ bare: 'postgres://db:5432/x', password: null });
});

function urlOf(database: { kind: string; url?: string }): string {
  return database.url ?? '';
}
