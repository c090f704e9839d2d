import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 5_000;
const PAUSE_MS = 20;

/**
 * Ends the build clients that a killed worker has left at work for `repository`, which names their lease: each would tag
 * its image when everything else of the lease is gone. The engine stops a build whose client is gone.
 */
export async function endLeftClients(repository: string): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; await sleep(PAUSE_MS)) {
    const clients = await clientsOf(repository);
    if (clients.length === 0) return;
    for (const pid of clients)
      try {
        process.kill(-pid, 'SIGKILL'); // it leads a group of its own, see run-client.ts
      } catch {
        // gone already
      }
  }
}

/** Ids of the processes that build for it; none where the system has no /proc. */
async function clientsOf(repository: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      return words.includes('build') && words.some((word) => word.includes(`${repository}:`));
    }),
  );
  return pids.filter((_, index) => found[index]).map(Number);
}
