import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Processes that live in `dir`, or have it as their home, and that nobody below this process answers for: what a killed
 * server or worker had started and left. `<id> <command line>` each.
 */
export function orphansOf(dir: string): readonly string[] {
  const parents = new Map(processIds().map((pid) => [pid, parentOf(pid)]));
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  return [...parents.keys()].filter((pid) => !isOurs(pid) && livesIn(pid, dir)).map(describe);
}

const processIds = (): readonly number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);

const parentOf = (pid: number): number => Number(/\) \S (\d+)/.exec(read(pid, 'stat'))?.[1] ?? 0);

function livesIn(pid: number, dir: string): boolean {
  const isHome = read(pid, 'environ')
    .split('\0')
    .some((variable) => variable === `HOME=${dir}`);
  return isHome || cwdOf(pid).startsWith(dir);
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

const describe = (pid: number): string => `${pid} ${read(pid, 'cmdline').replaceAll('\0', ' ').trim()}`;

/** Empty for a process that has ended meanwhile. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
