import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../src/core/problem.ts';
import { replace } from '../src/files/durable.ts';
import { localProcess, stateOfProcess } from '../src/processes/local-process.ts';

/** This process, as the one that uses a worker's data folder. */
export interface FolderHolder {
  /** New for each process. */
  readonly instance: string;
  /** Instance of the process that used the folder last, when that is known to be dead; else null. */
  readonly after: string | null;
  /** Writes it down, once the server took the process for the worker. */
  keep(): Promise<void>;
}

/** What lies in the folder. */
interface Kept {
  readonly instance: string;
  /** As `localProcess` names it. */
  readonly process: string;
}

/**
 * Finds out who used the data folder before. Two workers in one would remove each other's checkouts and output.
 * @throws Problem `in_use` while another process of this machine lives that uses it.
 */
export async function takeFolder(dir: string): Promise<FolderHolder> {
  const file = path.join(dir, 'worker-process');
  const before = await readKept(file);
  const state = before === null ? 'unknown' : stateOfProcess(before.process);
  if (before !== null && state === 'alive')
    throw new Problem('in_use', { what: 'folder', id: dir, by: `the worker of process ${pidOf(before)}` });
  const mine: Kept = { instance: randomUUID(), process: localProcess() };
  return {
    instance: mine.instance,
    after: state === 'dead' ? (before?.instance ?? null) : null,
    keep: async () => {
      await replace(file, (aside) => writeFile(aside, JSON.stringify(mine), { mode: 0o600 }));
    },
  };
}

/** Null: nobody was here, or what lies there is not ours to read. */
async function readKept(file: string): Promise<Kept | null> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Partial<Kept>;
    return typeof kept.instance === 'string' && typeof kept.process === 'string' ? (kept as Kept) : null;
  } catch {
    return null;
  }
}

const pidOf = ({ process }: Kept): string => process.split('/')[2] ?? '';
