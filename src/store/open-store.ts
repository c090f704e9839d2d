import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import { TIMES } from '../../config/times.ts';
import { timeOf } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import { systemClock, wallClock } from '../ports/clock.ts';
import type { Clock } from '../ports/clock.ts';
import { createChangeFeed, type ChangeFeed } from './changes.ts';
import { isDatabaseAway } from './is-database-away.ts';
import { bootstrap, migrate } from './migrate.ts';
import { demandPostgres, openPostgres } from './postgres.ts';
import type { DatabaseTimes } from './watch-postgres.ts';
import { refusalOf } from './postgres-refusal.ts';
import type { Database } from './schema.ts';
import { takeServerLock } from './server-lock.ts';
import { openSqlite, unusableFile } from './sqlite.ts';
import type { Change, Store } from './store.ts';
import { createWriteQueue } from './write-queue.ts';

/** An opened database: `reader` cannot write. */
export interface Connections {
  readonly dialect: 'sqlite' | 'postgres';
  readonly writer: Kysely<Database>;
  readonly reader: Kysely<Database>;
  /** Whether it is known not to answer. */
  readonly isAway: () => boolean;
  readonly stop: () => Promise<void>;
}

export interface OpenStoreOptions {
  readonly clock?: Clock;
  /** Whether there is a collector of traces; see `Tx.isTraced`. Default: there is none. */
  readonly isTraced?: boolean;
  /** Another server has taken over: nothing can be written any more and the process should end. */
  readonly onLockLost?: (error: Problem) => void;
  /** Those of looks at PostgreSQL. Default: `TIMES`. */
  readonly databaseTimes?: DatabaseTimes;
  /** PostgreSQL does not answer any more, and does again: each is told once. */
  readonly onAway?: (error: unknown) => void;
  readonly onBack?: () => void;
  /** A listener of the change feed threw, or the lock could not be renewed this time. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Opens the record, takes the server's lock and brings the schema up to date.
 * @param target Path of an SQLite file, or a `postgres://` (`postgresql://`) URL.
 * @throws Problem `database_unusable`, `database_refused`, `server_running`, `schema_newer`.
 */
export async function openStore(target: string, options: OpenStoreOptions = {}): Promise<Store> {
  const isPostgres = /^postgres(ql)?:\/\//.test(target);
  const onError = options.onError ?? (() => undefined);
  const feed = createChangeFeed(onError);
  const doubtful = createDoubtful(feed);
  const told = {
    onAway: options.onAway ?? onError,
    onSound(wasAway: boolean) {
      if (wasAway) options.onBack?.();
      doubtful.tell();
    },
  };
  if (isPostgres) await demandPostgres(target, options.databaseTimes);
  const connections = isPostgres ? openPostgres(target, told, options.databaseTimes) : openFile(target);
  try {
    return await start(connections, { ...options, onError }, feed, doubtful.add);
  } catch (thrown) {
    await closeAll(connections);
    const error = isDatabaseAway(thrown) ? thrown.cause : thrown;
    throw (isPostgres ? refusalOf(error, target) : unusableFile(error, target)) ?? error;
  }
}

function openFile(file: string): Connections {
  try {
    return openSqlite(file);
  } catch (error) {
    throw unusableFile(error, file) ?? error;
  }
}

/**
 * What a transaction changed whose commit was not answered: it may be in the record. Who is told of a change reads it
 * again, so that one too many does no harm, and one that is missing would keep a page as it was.
 */
function createDoubtful(feed: ChangeFeed) {
  const changes: Change[] = [];
  return {
    add: (more: readonly Change[]) => void changes.push(...more),
    tell: () => feed.emit(changes.splice(0)),
  };
}

async function start(
  connections: Connections,
  options: OpenStoreOptions & Required<Pick<OpenStoreOptions, 'onError'>>,
  feed: ChangeFeed,
  onDoubt: (changes: readonly Change[]) => void,
): Promise<Store> {
  const { dialect, writer, reader } = connections;
  const { onError } = options;
  const clock = options.clock ?? systemClock;
  await bootstrap(writer);
  const lock = await takeServerLock(writer, {
    // The machine's own time: the next server has no other, and must not wait for an end that a steady clock is ahead of.
    clock: options.clock ?? wallClock,
    holder: `process ${process.pid} on ${hostname()}`,
    dialect,
  });
  await migrate(writer, lock.renewIn);
  await startAfterLastEvent(reader, clock);
  const queue = createWriteQueue({
    db: writer,
    check: lock.check,
    emit: feed.emit,
    onDoubt,
    isTraced: options.isTraced ?? false,
  });
  const renewal = keepLock(() => queue.inTurn(lock.renew), options.onLockLost ?? (() => undefined), onError);
  return {
    dialect,
    db: reader,
    isAway: connections.isAway,
    transaction: queue.transaction,
    grouped: queue.grouped,
    onChange: feed.subscribe,
    tell: (change) => feed.emit([change]),
    async close() {
      clearInterval(renewal);
      await queue.inTurn(lock.release).catch(onError);
      await closeAll(connections);
    },
  };
}

/** A record further ahead than this was made under a wrong clock, which is not followed. */
const MOST_AHEAD_MS = 24 * 3_600_000;

/** A machine that was set back while no server ran: what comes is to be in order after what is recorded. */
async function startAfterLastEvent(reader: Kysely<Database>, clock: Clock): Promise<void> {
  const last = await reader
    .selectFrom('event')
    .select('id')
    // Others have ids of a router's making.
    .where('id', '>', 'evt_')
    .where('id', '<', 'evu')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const lastMs = last === undefined ? 0 : timeOf(last.id);
  if (lastMs - clock.nowMs() < MOST_AHEAD_MS) clock.notBefore?.(lastMs + 1);
}

function keepLock(
  renew: () => Promise<void>,
  onLost: (error: Problem) => void,
  onError: (error: unknown) => void,
): NodeJS.Timeout {
  const timer = setInterval(() => {
    renew().catch((error: unknown) => {
      // Nothing but another holder ends it: a full disk passes.
      if (!(error instanceof Problem) || error.code !== 'lock_lost') return onError(error);
      clearInterval(timer);
      onLost(error);
    });
  }, TIMES.serverLock / 3);
  timer.unref();
  return timer;
}

async function closeAll({ writer, reader, stop }: Connections): Promise<void> {
  await stop();
  await Promise.all([writer.destroy(), reader.destroy()]);
}
