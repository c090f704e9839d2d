import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

let postgres: OwnPostgres;
let url: string;
let store: Store;
let told: string[];
beforeEach(async () => {
  const started = await startPostgres();
  if (started === null) throw new Error('PostgreSQL is not on this machine: apt-get install postgresql');
  postgres = started;
  url = await postgres.createDatabase();
  told = [];
  store = await openStore(url, {
    onAway: (error) => told.push(`away: ${String(error)}`),
    onBack: () => told.push('back'),
    onError: (error) => told.push(String(error)),
  });
});
afterEach(async () => {
  postgres?.thaw();
  await store?.close();
  await postgres?.stop();
});

const readLock = () => store.db.selectFrom('server_lock').select('fence').executeTakeFirstOrThrow();
const AWAY = { code: 'database_away', http: 503 };

async function ask(...statements: readonly string[]): Promise<pg.QueryResult | undefined> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let last: pg.QueryResult | undefined;
    for (const statement of statements) last = await client.query(statement);
    return last;
  } finally {
    await client.end();
  }
}

it('one that is killed is told once, asked for nothing meanwhile, and used again when it is back', async () => {
  await readLock();
  await postgres.end('SIGKILL');
  await expect(readLock()).rejects.toMatchObject(AWAY);
  await waitFor('it is known to be away', () => store.isAway());
  await expect(readLock()).rejects.toMatchObject(AWAY);
  await expect(store.transaction(async ({ changed }) => changed('build', 'x'))).rejects.toMatchObject(AWAY);
  await postgres.begin();
  await waitFor('it is back', () => !store.isAway());
  await readLock();
  await store.transaction(async () => undefined);
  expect(told.filter((line) => !line.includes('database does not answer'))).toEqual([
    expect.stringMatching(/^away: .*PostgreSQL at .* cannot be used/),
    'back',
  ]);
});

it('one that stands still keeps nobody waiting, and neither does what it had begun', async () => {
  await readLock();
  const changes: string[] = [];
  store.onChange(({ id }) => changes.push(id));
  const begun = Promise.withResolvers<void>();
  const writing = store.transaction(async ({ changed, db }) => {
    changed('build', 'doubtful');
    postgres.freeze();
    begun.resolve();
    await db.selectFrom('server_lock').select('fence').execute();
  });
  writing.catch(() => undefined);
  await begun.promise;
  const reading = readLock();
  await expect(reading).rejects.toMatchObject(AWAY);
  await expect(writing).rejects.toMatchObject(AWAY);
  const askedMs = performance.now();
  await expect(readLock()).rejects.toMatchObject(AWAY);
  expect(performance.now() - askedMs).toBeLessThan(1_000);
  expect(changes).toEqual([]);
  postgres.thaw();
  await waitFor('it is back', () => !store.isAway());
  await readLock();
  await waitFor('who reads that build is told to look', () => changes.includes('doubtful'));
}, 60_000);

it('a connection that is ended between two statements of a transaction ends no server', async () => {
  const others = 'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()';
  const writing = store.transaction(async ({ db }) => {
    await db.selectFrom('server_lock').select('fence').execute();
    await ask(others);
    await sleep(500);
    await db.selectFrom('server_lock').select('fence').execute();
  });
  await expect(writing).rejects.toMatchObject(AWAY);
  await waitFor('it is used again', () => readLock());
  await store.transaction(async () => undefined);
});

it('connections that are ended are no absence', async () => {
  const looks = `select 1 from pg_stat_activity where query like '%transaction_read_only%' and state = 'idle'`;
  await waitFor('it was looked at', async () => (await ask(looks))?.rowCount === 1);
  await ask(`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`);
  await waitFor('it is used again', () => readLock());
  await store.transaction(async () => undefined).catch(() => store.transaction(async () => undefined));
  expect(told.filter((line) => !line.includes('database does not answer'))).toEqual([]);
});

it('one that is written to no more is away until it is', async () => {
  await ask('alter system set default_transaction_read_only = on');
  await ask('select pg_reload_conf()');
  const write = () =>
    store.transaction(({ db }) => db.updateTable('server_lock').set({ holder: 'me' }).execute());
  await waitFor('a write is refused', () =>
    write().then(
      () => false,
      () => true,
    ),
  );
  await expect(write()).rejects.toMatchObject(AWAY);
  await waitFor('it is known', () => store.isAway());
  expect(told.at(-1)).toMatch(/not written to/);
  await ask(
    'set default_transaction_read_only = off',
    'alter system set default_transaction_read_only = off',
  );
  await ask('select pg_reload_conf()');
  await waitFor('it is back', () => !store.isAway());
  await write();
});
