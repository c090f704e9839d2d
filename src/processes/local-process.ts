import { readFileSync, readlinkSync } from 'node:fs';

/**
 * The name of a process on this machine since its boot: `<boot id>/<pid namespace>/<pid>/<start time>`.
 * Empty where the system has no /proc; such a holder's lease is waited for.
 */
export function localProcess(pid: number = process.pid): string {
  const start = startTime(pid);
  const place = machine();
  return start === null || place === null ? '' : `${place}/${pid}/${start}`;
}

/** `unknown` for a process of another machine, boot or container. */
export function stateOfProcess(name: string): 'alive' | 'dead' | 'unknown' {
  const [boot, namespace, pid, start] = name.split('/');
  if (pid === undefined || `${boot}/${namespace}` !== machine()) return 'unknown';
  return startTime(Number(pid)) === start ? 'alive' : 'dead';
}

function machine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid').replaceAll('/', '')}`;
  } catch {
    return null;
  }
}

/** Start time in clock ticks since boot; null when there is no such process, or only its zombie. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
