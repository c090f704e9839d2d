import { stateOfProcess } from '../processes/local-process.ts';

/** The row of `server_lock`, as far as it tells who has the database. */
export interface LockRow {
  readonly holder: string;
  readonly process: string;
  /** Epoch ms. */
  readonly ends_at: number | string;
}

/** Who holds the lock: a server that renewed it lately and whose process is not known to be dead. Null: nobody. */
export function holderOf(row: LockRow | undefined): string | null {
  if (row === undefined || Number(row.ends_at) <= Date.now()) return null;
  return stateOfProcess(row.process) === 'dead' ? null : row.holder;
}
