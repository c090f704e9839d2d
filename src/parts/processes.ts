import { readdirSync, readFileSync } from 'node:fs';

/** Whether a process of that id runs; one that ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  const status = read(pid, 'stat');
  return status !== null && !/^\d+ \(.*\) Z/s.test(status);
}

/** Whether that id is a running process of the program, so that an id used again by a stranger is not taken for it. */
export function isProgramOf(pid: number, program: string): boolean {
  return pid > 0 && program !== '' && isAlive(pid) && (read(pid, 'cmdline') ?? '').includes(program);
}

/** Ids of the processes on this machine whose file below `/proc/<pid>/` passes the test. */
export function findProcesses(file: 'cmdline' | 'cgroup', test: (text: string) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && test(read(pid, file) ?? ''));
}

/** Sends a signal to each; one that is gone is passed over. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // gone already
    }
}

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
