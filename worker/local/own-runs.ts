import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { localProcess, stateOfProcess } from '../../src/processes/local-process.ts';

/** Which runs the processes that share a folder have under way: a file for each, named by its lease, names its process. */
export interface OwnRuns {
  /** By which their things are known in an engine, also in one that others use; made once for the folder. */
  readonly name: string;
  /** Where copies of files go, a folder for each run. */
  readonly checkouts: string;
  begin(leaseId: string): Promise<void>;
  /** Call it when nothing of the run is left. */
  end(leaseId: string): Promise<void>;
  /** Whether a process has it; one of another machine counts, or of a container that shares the folder. */
  isAlive(leaseId: string): boolean;
  /** Forgets the runs of processes that are dead, but for those whose files are still there. */
  forgetDead(): Promise<void>;
}

export async function openOwnRuns(dir: string): Promise<OwnRuns> {
  const [runs, checkouts] = [path.join(dir, 'under-way'), path.join(dir, 'files')];
  for (const folder of [dir, runs, checkouts]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const isAlive = (leaseId: string): boolean => stateOf(path.join(runs, leaseId)) !== 'dead';
  return {
    name: `run-${await readOrMake(path.join(dir, 'id'), () => randomBytes(12).toString('hex'))}`,
    checkouts,
    begin: (leaseId) =>
      writeFile(path.join(runs, leaseId), `${localProcess()}\n${hostname()}\n${process.pid}`),
    end: (leaseId) => rm(path.join(runs, leaseId), { force: true }),
    isAlive,
    async forgetDead() {
      const kept = new Set(await readdir(checkouts));
      for (const leaseId of await readdir(runs))
        if (!kept.has(leaseId) && !isAlive(leaseId)) await rm(path.join(runs, leaseId), { force: true });
    },
  };
}

/** The same for all that read it, however many make it at once. */
async function readOrMake(file: string, make: () => string): Promise<string> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  try {
    await writeFile(aside, make(), { flag: 'wx', mode: 0o600 });
    await link(aside, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return await readFile(file, 'utf8');
  } finally {
    await rm(aside, { force: true });
  }
}

function stateOf(file: string): 'alive' | 'dead' | 'unknown' {
  try {
    const [name = '', host, pid] = readFileSync(file, 'utf8').split('\n');
    if (name !== '') return stateOfProcess(name);
    return host === hostname() ? stateOfPid(Number(pid)) : 'unknown';
  } catch {
    return 'dead';
  }
}

/** Where there is no /proc: a pid that another process has got since counts as alive, until that ends. */
function stateOfPid(pid: number): 'alive' | 'dead' {
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'dead' : 'alive';
  }
}
