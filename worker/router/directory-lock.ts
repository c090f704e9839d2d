import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while no other process does under the same directory's lock. A lock whose process is dead, or that is
 * older than `patienceMs` (its process is frozen), is taken over. The lock is a courtesy that keeps writers from
 * crossing each other's way; what keeps the router right when one wakes up late are the generations.
 */
export async function withDirectoryLock<T>(
  dir: string,
  work: () => Promise<T>,
  patienceMs = 5_000,
): Promise<T> {
  const file = path.join(dir, 'lock');
  const mine = `${process.pid} ${startOf(process.pid) ?? ''} ${randomBytes(8).toString('hex')}`;
  const aside = `${file}-${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(aside, mine, { mode: 0o600 });
    for (let waitMs = 2; !(await tryLink(aside, file)); waitMs = Math.min(waitMs * 2, 50))
      if (!(await takeAway(file, patienceMs))) await sleep(waitMs);
    return await work();
  } finally {
    await rm(aside, { force: true });
    if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock that nobody living and awake holds; true when it is worth trying again at once. */
async function takeAway(file: string, patienceMs: number): Promise<boolean> {
  try {
    const [pid, start] = (await readFile(file, 'utf8')).split(' ');
    const ageMs = Date.now() - (await stat(file)).mtimeMs;
    if (startOf(Number(pid)) === start && ageMs < patienceMs) return false;
    const aside = `${file}-${randomBytes(6).toString('hex')}`;
    await rename(file, aside);
    await unlink(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return true;
}

/** When the process started, in clock ticks since boot: with its pid a name that is never used twice. Null: it is dead. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
