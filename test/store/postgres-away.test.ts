import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

/** A fifth of the product's. */
const databaseTimes = { databaseLook: 1_000, databaseAway: 200, databaseAnswer: 2_000 };

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
    databaseTimes,
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

/** A way to PostgreSQL that is silent for a while: what goes through it then is lost, and nobody hears of an end. */
async function openWay(to: string) {
  const socket = `${decodeURIComponent(new URL(to.replace('@/', '@x/')).searchParams.get('host') ?? '')}/.s.PGSQL.5432`;
  const sockets = new Set<net.Socket>();
  let isSilent = false;
  const server = net.createServer((near) => {
    sockets.add(near.on('error', () => undefined));
    if (isSilent) return void near.resume();
    const far = net.connect(socket);
    sockets.add(far.on('error', () => undefined));
    let isLost = false;
    const pass = (target: net.Socket) => (chunk: Buffer) => {
      isLost ||= isSilent;
      if (!isLost) target.write(chunk);
    };
    near.on('data', pass(far));
    far.on('data', pass(near));
    near.on('close', () => void (isSilent || isLost || far.destroy()));
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `postgres://slipway@127.0.0.1:${port}${/\/test_\d+/.exec(to)?.[0]}`,
    silence: () => void (isSilent = true),
    speak: () => void (isSilent = false),
    close() {
      server.close();
      for (const one of sockets) one.destroy();
    },
  };
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

it('one that answers commits before they are written is told to write ours first', async () => {
  const setting = () => ask('show synchronous_commit');
  expect((await setting())?.rows).toEqual([{ synchronous_commit: 'off' }]);
  await store.transaction(async ({ db }) => {
    const { rows } = await sql`show synchronous_commit`.execute(db);
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });
  await ask('alter role slipway set synchronous_commit = remote_write');
  await store.close();
  store = await openStore(url, { databaseTimes });
  await store.transaction(async ({ db }) => {
    const { rows } = await sql`show synchronous_commit`.execute(db);
    expect(rows).toEqual([{ synchronous_commit: 'remote_write' }]);
  });
});

it('a connection that is cut off within a transaction keeps no later one waiting for its lock', async () => {
  const way = await openWay(url);
  await store.close();
  store = await openStore(way.url, { databaseTimes });
  const begun = Promise.withResolvers<void>();
  const writing = store.transaction(async ({ db }) => {
    await db.selectFrom('server_lock').select('fence').execute();
    way.silence();
    begun.resolve();
    await db.selectFrom('server_lock').select('fence').execute();
  });
  writing.catch(() => undefined);
  await begun.promise;
  await waitFor('it is known to be away', () => store.isAway(), 30_000);
  way.speak();
  await waitFor('it is back', () => !store.isAway(), 30_000);
  let isWritten = false;
  const next = store.transaction(async ({ db }) => {
    await db.updateTable('server_lock').set({ holder: 'me' }).execute();
    isWritten = true;
  });
  next.catch(() => undefined);
  try {
    await waitFor('it is written to', () => isWritten, 30_000);
  } finally {
    way.close();
  }
}, 150_000);

it('connections that were on their way when it went are no places lost', async () => {
  const way = await openWay(url);
  await store.close();
  store = await openStore(way.url, { databaseTimes });
  way.silence();
  const silentMs = performance.now();
  let waiting = 0;
  let longestMs = 0;
  while (!store.isAway() && performance.now() - silentMs < 30_000) {
    const beganMs = performance.now();
    waiting += 1;
    void readLock()
      .catch((error: unknown) => expect(error).toMatchObject(AWAY))
      .finally(() => {
        waiting -= 1;
        longestMs = Math.max(longestMs, performance.now() - beganMs);
      });
    await sleep(500);
  }
  try {
    await waitFor('nobody waits', () => waiting === 0, 5_000);
    expect(longestMs).toBeLessThan(8_000);
    way.speak();
    await waitFor('it is back', () => !store.isAway());
    await readLock();
    await store.transaction(async () => undefined);
  } finally {
    way.close();
  }
}, 90_000);

it('one that lets nobody in any more is away, though a connection to it is left', async () => {
  const door = new pg.Client({ connectionString: url });
  await door.connect();
  const looks = `select pid from pg_stat_activity where query like '%transaction_read_only%' and state = 'idle'`;
  await waitFor('it was looked at', async () => (await door.query(looks)).rowCount === 1);
  try {
    await door.query('alter role slipway nologin');
    await door.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid <> pg_backend_pid() and query not like '%transaction_read_only%'`,
    );
    await waitFor('it is known', async () => {
      await expect(readLock()).rejects.toMatchObject(AWAY);
      return store.isAway();
    });
    expect(told.find((line) => line.startsWith('away:'))).toMatch(/not permitted to log in/);
  } finally {
    await door.query('alter role slipway login');
    await door.end();
  }
  await waitFor('it is back', () => !store.isAway());
  await readLock();
}, 60_000);

it('one that stands still is left all the same', async () => {
  await readLock();
  postgres.freeze();
  const leftMs = performance.now();
  await store.close();
  expect(performance.now() - leftMs).toBeLessThan(15_000);
}, 90_000);
