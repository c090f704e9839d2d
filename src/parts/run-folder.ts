import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp, type CleanUp } from './clean-up.ts';
import { findProcesses, isAlive, signalAll } from './processes.ts';
import { LEFTOVERS } from './spawn-part.ts';

/**
 * A folder `<prefix><process id>-…` in the temporary folder, for everything of a run that ends with this process.
 * Folders of processes that were killed together with the supervisors of their parts go first, with what those parts
 * have left on the machine. Other users may pass through it, as a PostgreSQL must.
 */
export async function makeRunFolder(prefix: string): Promise<string> {
  const parent = tmpdir();
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1]) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) await removeDead(path.join(parent, name));
  }
  const dir = await mkdtemp(path.join(parent, `${prefix}${process.pid}-`));
  await chmod(dir, 0o711);
  return dir;
}

/** Removes a folder whose process is dead, and what its parts have left. */
export async function removeDead(dir: string): Promise<void> {
  const running = findProcesses('cmdline', (text) => text.includes(`${dir}/`));
  signalAll(running, 'SIGKILL');
  for (let tries = 0; tries < 200 && running.some(isAlive); tries += 1) await sleep(10);
  await removePartsBelow(dir, 4);
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Does what the supervisors would have done: an engine's processes, mounts, bridges and packet filter rules go. */
async function removePartsBelow(dir: string, depth: number): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const notes = entries.filter((entry) => entry.isFile() && entry.name.endsWith(LEFTOVERS));
  for (const { name } of notes)
    await cleanUp(JSON.parse(await readFile(path.join(dir, name), 'utf8')) as CleanUp, 'ended');
  // A part keeps its own data below its folder: nothing to look for there.
  if (depth === 0 || notes.length > 0) return;
  for (const entry of entries)
    if (entry.isDirectory()) await removePartsBelow(path.join(dir, entry.name), depth - 1);
}
