import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { localProcess, stateOfProcess } from '../../src/processes/local-process.ts';

/** Which runs this user's processes have under way: a file for each, named by its lease, that names its process. */
export interface OwnRuns {
  /** Where copies of files go, a folder for each run. */
  readonly checkouts: string;
  begin(leaseId: string): Promise<void>;
  /** Call it when nothing of the run is left. */
  end(leaseId: string): Promise<void>;
  /** Whether a process has it; unknown ones count, of a container that shares the folder for example. */
  isAlive(leaseId: string): boolean;
  /** Forgets the runs of processes that are dead, but for those whose files are still there. */
  forgetDead(): Promise<void>;
}

export async function openOwnRuns(dir: string): Promise<OwnRuns> {
  const [runs, checkouts] = [path.join(dir, 'under-way'), path.join(dir, 'files')];
  for (const folder of [dir, runs, checkouts]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const isAlive = (leaseId: string): boolean => stateOf(path.join(runs, leaseId)) !== 'dead';
  return {
    checkouts,
    begin: (leaseId) => writeFile(path.join(runs, leaseId), localProcess()),
    end: (leaseId) => rm(path.join(runs, leaseId), { force: true }),
    isAlive,
    async forgetDead() {
      const kept = new Set(await readdir(checkouts));
      for (const leaseId of await readdir(runs))
        if (!kept.has(leaseId) && !isAlive(leaseId)) await rm(path.join(runs, leaseId), { force: true });
    },
  };
}

function stateOf(file: string): 'alive' | 'dead' | 'unknown' {
  try {
    return stateOfProcess(readFileSync(file, 'utf8'));
  } catch {
    return 'dead';
  }
}
