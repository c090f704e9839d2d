import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeBackup } from '../../src/backup/take-backup.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { checkDatabase } from '../../src/doctor/database.ts';
import { runChecks } from '../../src/doctor/check.ts';
import { openStore } from '../../src/store/open-store.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';
import { makeGround, type Ground } from '../unit/backup/support.ts';

const PASSWORD = 'hunter22-secret';

let postgres: OwnPostgres;
let ground: Ground;
/** A database that is there; its folder of sockets in `?host=`. */
let url: string;
/** Takes connections and ends them. */
let rude: Server;
beforeAll(async () => {
  const started = await startPostgres();
  if (started === null) throw new Error('PostgreSQL is not on this machine: apt-get install postgresql');
  postgres = started;
  ground = await makeGround();
  url = await postgres.createDatabase();
  await query(url, 'create role stranger login', 'create role outsider');
  rude = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => rude.once('listening', resolve));
});
afterAll(async () => {
  rude?.close();
  await ground?.stop();
  await postgres?.stop();
});

async function query(where: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: where });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** The URL of the running server with another user, password, database or setting. */
function changed(changes: { user?: string; database?: string; more?: string }): string {
  const user = changes.user ?? `slipway:${PASSWORD}`;
  const base = url.replace('slipway@', `${user}@`);
  const named = changes.database === undefined ? base : base.replace(/\/test_\d+/, `/${changes.database}`);
  return `${named}${changes.more ?? ''}`;
}

const at = (port: number): string => `postgres://me:${PASSWORD}@127.0.0.1:${port}/x`;

describe('a PostgreSQL that cannot be used is told by the setting that names it, without its password:', () => {
  it.each<[string, () => string, RegExp, RegExp]>([
    ['nothing listens', () => at(1), /ECONNREFUSED/, /^Start it/],
    ['no socket', () => `postgres://me:${PASSWORD}@/x?host=/nowhere`, /ENOENT/, /^Start it/],
    ['no host', () => `postgres://me:${PASSWORD}@nowhere.invalid/x`, /ENOTFOUND|EAI_AGAIN/, /^Name a host/],
    [
      'it hangs up',
      () => at((rude.address() as AddressInfo).port),
      /ends the connection|ECONNRESET/,
      /^Start it/,
    ],
    ['no database', () => changed({ database: 'none' }), /database "none" does not exist/, /createdb/],
    [
      'no user',
      () => changed({ user: `nobody:${PASSWORD}` }),
      /role "nobody" does not exist/,
      /^Make that user/,
    ],
    ['no right to come', () => changed({ user: 'outsider' }), /not permitted to log in/, /^Make that user/],
    ['no right to make', () => changed({ user: 'stranger' }), /permission denied/, /grant create/],
    [
      'it is not written to',
      () => changed({ more: '&options=-c%20default_transaction_read_only=on' }),
      /read-only transaction/,
      /that is written to/,
    ],
    ['no TLS', () => changed({ more: '&sslmode=require' }), /no TLS|SSL/, /sslmode/],
    [
      'no such certificate',
      () => changed({ more: '&sslrootcert=/no/ca.pem' }),
      /'\/no\/ca.pem'/,
      /^Name a file/,
    ],
    ['no address', () => `postgres://me:a%zz@db:5432x/y`, /no address/, /%2F/],
  ])('%s', async (_, make, cause, help) => {
    const target = make();
    const error = await openStore(target).then(
      () => null,
      (thrown: unknown) => thrown as Error & { fix: string },
    );
    expect(error).toMatchObject({
      code: 'database_refused',
      message: expect.stringMatching(cause) as string,
    });
    expect(error?.fix).toMatch(help);
    expect(error?.fix).toContain('DATABASE_URL');
    expect(`${error?.message} ${error?.fix}`).not.toMatch(/hunter22|a%zz/);
  });
});

it('a backup, a restore and the doctor tell the same, and nothing is there', async () => {
  const place = ground.place('away', at(1));
  const target = path.join(ground.dir, 'backup');
  await expect(takeBackup(place, target)).rejects.toMatchObject({ code: 'database_refused' });
  const origin = ground.place('origin', await postgres.createDatabase());
  const server = await ground.startWriting(origin);
  await takeBackup(origin, target);
  server.kill('SIGKILL');
  await expect(restoreBackup(place, target)).rejects.toMatchObject({ code: 'database_refused' });
  expect(() => execFileSync('ls', [place.dataDir], { stdio: 'ignore' })).toThrow();
  const [finding] = await runChecks([checkDatabase(place)], 10_000);
  expect(finding).toMatchObject({
    verdict: 'fail',
    says: 'PostgreSQL at postgres://me@127.0.0.1:1/x cannot be used: connect ECONNREFUSED 127.0.0.1:1.',
    fix: expect.stringContaining('DATABASE_URL') as string,
  });
  rmSync(target, { recursive: true });
});

it('a file that is missing is not taken for a PostgreSQL that is away', async () => {
  const place = ground.place('keyless', url);
  await (await openStore(url)).close();
  await expect(takeBackup(place, path.join(ground.dir, 'of-keyless'))).rejects.toMatchObject({
    code: 'backup_failed',
    details: { cause: expect.stringContaining('there is no key file') as string },
  });
});
