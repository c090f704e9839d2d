import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { TIMES } from '../../config/times.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import { localProcess, stateOfProcess } from '../processes/local-process.ts';
import type { Database } from './schema.ts';

/** The one server's right to write, with a fence that grows with each holder. */
export interface ServerLock {
  readonly fence: number;
  /** Called at the start of each write transaction. @throws Problem `lock_lost`. */
  readonly check: (tx: Transaction<Database>) => Promise<void>;
  /** Not while a transaction is open on the same connection. @throws Problem `lock_lost`. */
  readonly renew: () => Promise<void>;
  /** Renews it in this transaction, until whose end nobody else can take it. @throws Problem `lock_lost`. */
  readonly renewIn: (tx: Transaction<Database>) => Promise<void>;
  readonly release: () => Promise<void>;
}

export interface LockOptions {
  readonly clock: Clock;
  /** Who holds it, for people. */
  readonly holder: string;
  readonly dialect: 'sqlite' | 'postgres';
}

/**
 * Takes the lock. A dead local holder is followed at once; one that cannot be asked is waited for until its
 * lease would have ended.
 * @throws Problem `server_running` while another server renews it.
 */
export async function takeServerLock(db: Kysely<Database>, options: LockOptions): Promise<ServerLock> {
  const deadline = options.clock.nowMs() + TIMES.serverLock + 500;
  for (;;) {
    const taken = await tryToTake(db, options);
    if (typeof taken === 'number') return lockWithFence(db, taken, options);
    const waits = !taken.alive && taken.endsAt <= deadline;
    if (!waits) throw new Problem('server_running', { holder: taken.holder });
    await sleep(Math.max(50, Math.min(500, taken.endsAt - options.clock.nowMs())));
  }
}

interface Held {
  readonly holder: string;
  readonly alive: boolean;
  readonly endsAt: number;
}

async function tryToTake(db: Kysely<Database>, options: LockOptions): Promise<number | Held> {
  return db.transaction().execute(async (tx) => {
    const now = options.clock.nowMs();
    const row = await selectLock(tx, options.dialect === 'postgres' ? 'for update' : '');
    const state = row === undefined ? 'dead' : stateOfProcess(row.process);
    if (row !== undefined && state !== 'dead' && row.ends_at > now)
      return { holder: row.holder, alive: state === 'alive', endsAt: row.ends_at };
    const fence = (row?.fence ?? 0) + 1;
    const values = {
      holder: options.holder,
      process: localProcess(),
      fence,
      ends_at: now + TIMES.serverLock,
    };
    await tx
      .insertInto('server_lock')
      .values({ id: 1, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
    return fence;
  });
}

function lockWithFence(db: Kysely<Database>, fence: number, options: LockOptions): ServerLock {
  const setEnd = async (endsAt: number, on = db) => {
    const result = await on
      .updateTable('server_lock')
      .set({ ends_at: endsAt })
      .where('id', '=', 1)
      .where('fence', '=', fence)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  };
  const renewIn = async (on: Kysely<Database>) => {
    if (!(await setEnd(options.clock.nowMs() + TIMES.serverLock, on))) throw new Problem('lock_lost');
  };
  return {
    fence,
    // A share lock: whoever takes over waits for this transaction's end, or this one sees the new fence.
    async check(tx) {
      const row = await selectLock(tx, options.dialect === 'postgres' ? 'for share' : '');
      if (row?.fence !== fence) throw new Problem('lock_lost');
    },
    renew: () => renewIn(db),
    renewIn,
    async release() {
      await setEnd(0);
    },
  };
}

async function selectLock(tx: Transaction<Database>, lock: 'for update' | 'for share' | '') {
  const { rows } = await sql<{
    holder: string;
    process: string;
    fence: number;
    ends_at: number;
  }>`select holder, process, fence, ends_at from server_lock where id = 1 ${sql.raw(lock)}`.execute(tx);
  return rows[0];
}
