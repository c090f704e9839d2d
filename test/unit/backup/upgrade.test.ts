import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Installation } from '../../../src/backup/installation.ts';
import { restoreBackup } from '../../../src/backup/restore-backup.ts';
import { takeBackup } from '../../../src/backup/take-backup.ts';
import { openKeyRing } from '../../../src/secrets/key-ring.ts';
import { MIGRATIONS } from '../../../src/store/migrate.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { makeGround, type Ground } from './support.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.stop());

it('a backup of every schema there has been is restored, and brought forward by the next start', async () => {
  for (let schema = 1; schema <= MIGRATIONS.length; schema += 1) {
    const origin = ground.place(`of-${schema}`);
    await makeInstallation(origin, schema);
    const copy = path.join(ground.dir, `copy-${schema}`);
    expect((await takeBackup(origin, copy)).schema).toBe(schema);
    const fresh = ground.place(`from-${schema}`);
    await restoreBackup(fresh, copy);
    const file = path.join(fresh.dataDir, 'slipway.db');
    await (await openStore(file)).close();
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare('select version from schema_version').get()).toEqual({
      version: MIGRATIONS.length,
    });
    database.close();
  }
});

it('a database that a newer server has changed is not backed up by this program, which would not know how to restore it', async () => {
  const origin = ground.place('newer');
  await makeInstallation(origin, MIGRATIONS.length);
  const database = new DatabaseSync(path.join(origin.dataDir, 'slipway.db'));
  database.exec('update schema_version set version = version + 1');
  database.close();
  const target = path.join(ground.dir, 'of-newer');
  await expect(takeBackup(origin, target)).rejects.toMatchObject({ code: 'schema_newer' });
});

/** As a server of that schema left it. */
async function makeInstallation({ dataDir }: Installation, schema: number): Promise<void> {
  await mkdir(dataDir, { mode: 0o700 });
  await openKeyRing(path.join(dataDir, 'keys'));
  const database = new DatabaseSync(path.join(dataDir, 'slipway.db'));
  database.exec(`create table schema_version (id bigint primary key, version bigint not null);
    create table server_lock (id bigint primary key, holder text not null, process text not null,
      fence bigint not null, ends_at bigint not null);
    insert into schema_version values (1, ${schema})`);
  for (const statement of MIGRATIONS.slice(0, schema).flat()) database.exec(statement);
  database.close();
}
