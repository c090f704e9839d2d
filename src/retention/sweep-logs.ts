import { firstIdAt, timeOrder } from '../core/id.ts';
import type { LogShelf } from '../ports/log-store.ts';
import { knownLogs, ownerOfLog } from '../store/read/known-logs.ts';
import type { Reading } from '../store/store.ts';
import { SETTLED_MS } from './choose-removals.ts';
import type { LogRemover } from './stuck-logs.ts';

/** In one query. */
const MOST_IDS = 500;

export interface Swept {
  /** Of the logs that stay. */
  readonly bytes: number;
  readonly removed: number;
}

/**
 * Goes through all logs and removes those that no row points to: of a removed project or build when the server ended
 * in between, or of a deployment's earlier attempts. What is older than the record is another one's (a new database
 * beside old logs): it is left alone, and not counted.
 */
export async function sweepLogs(
  reading: Reading,
  logs: Pick<LogShelf, 'list'> & LogRemover,
  { nowMs, pause }: { readonly nowMs: number; readonly pause: () => Promise<boolean> },
): Promise<Swept> {
  const began = timeOrder(firstIdAt('att', await beganAtMs(reading)));
  const settled = timeOrder(firstIdAt('att', nowMs - SETTLED_MS));
  let bytes = 0;
  let removed = 0;
  for await (const day of logs.list()) {
    const own = day.filter(({ logId }) => timeOrder(ownerOfLog(logId)) >= began);
    for (let start = 0; start < own.length; start += MOST_IDS) {
      if (!(await pause())) return { bytes, removed };
      const some = own.slice(start, start + MOST_IDS);
      const known = await knownLogs(
        reading.db,
        some.map(({ logId }) => logId),
      );
      for (const log of some)
        if (known.has(log.logId) || timeOrder(ownerOfLog(log.logId)) >= settled) bytes += log.bytes;
        else if (await logs.remove(log.logId)) removed += 1;
    }
  }
  return { bytes, removed };
}

/** When the oldest of what lasts in the record was made; without any it has not begun. */
async function beganAtMs({ db }: Reading): Promise<number> {
  const rows = await Promise.all([
    db
      .selectFrom('project')
      .select(({ fn }) => fn.min('created_at').as('at'))
      .execute(),
    db
      .selectFrom('access_token')
      .select(({ fn }) => fn.min('created_at').as('at'))
      .execute(),
  ]);
  const times = rows.flat().flatMap(({ at }) => (at === null ? [] : [Number(at)]));
  return times.length === 0 ? Date.UTC(9999, 11, 31) : Math.min(...times);
}
