import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Resident memory of a process, in whole MB. */
export async function residentMb(child: ChildProcess | null): Promise<number> {
  const status = await readFile(`/proc/${child?.pid ?? 0}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_000);
}
