import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Installation } from '../../src/backup/installation.ts';
import { restorePostgres } from '../../src/backup/postgres.ts';
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
  });

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
  });

  it('leaves the database empty when the last of its steps is refused', async () => {
    const origin = ground.place(newName('refusing'), await postgres.createDatabase());
    await ground.startWriting(origin);
    await ask(origin, 'alter table environment add constraint no_leap check (fence < 1000000)');
    const target = path.join(ground.dir, newName('backup'));
    await takeBackup(origin, target);
    const fresh = ground.place(newName('fresh'), await postgres.createDatabase());
    const error = await restoreBackup(fresh, target).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'restore_failed' });
    expect(String((error as Error).message)).toContain('no_leap');
    expect(await ask(fresh, TABLES)).toEqual([]);
    // Its folder was not there, either.
    expect(await readdir(ground.dir)).not.toContain(path.basename(fresh.dataDir));
    await ask(origin, 'alter table environment drop constraint no_leap');
    const again = path.join(ground.dir, newName('backup'));
    await takeBackup(origin, again);
    await restoreBackup(fresh, again);
    expect((await readRestored(fresh)).fence).toBeGreaterThan(1_000_000);
  });

  it('leaves the database empty when its dump ends too early', async () => {
    const origin = ground.place(newName('cut'), await postgres.createDatabase());
    await ground.startWriting(origin);
    const target = path.join(ground.dir, newName('backup'));
    await takeBackup(origin, target);
    const dump = path.join(target, 'database.pgdump');
    const fresh = ground.place(newName('fresh'), await postgres.createDatabase());
    await truncate(dump, (await stat(dump)).size - 40);
    const error = await restorePostgres(dump, urlOf(fresh.database)).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'restore_failed' });
    expect(String((error as Error).message)).toContain('pg_restore');
    expect(await ask(fresh, TABLES)).toEqual([]);
  });

  it('is not made of a database that cannot be reached, and says why', async () => {
    const origin = ground.place(newName('away'), 'postgres://slipway:secret@127.0.0.1:1/nobody');
    const target = path.join(ground.dir, newName('never'));
    const error = await takeBackup(origin, target).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'database_refused' });
    expect(String((error as Error).message)).toMatch(/slipway@127\.0\.0\.1:1\/nobody .*ECONNREFUSED/);
    expect(await readdir(ground.dir)).not.toContain(path.basename(target));
  });
});

function urlOf(database: { kind: string; url?: string }): string {
  return database.url ?? '';
}

const TABLES = 'select tablename from pg_tables where schemaname = current_schema()';

async function ask({ database }: Installation, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return (await client.query<Readonly<Record<string, unknown>>>(sql)).rows;
  } finally {
    await client.end();
  }
}
