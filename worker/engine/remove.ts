import type Dockerode from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectContainer } from './inspect-container.ts';
import { refusalStatus, unlessGone } from './engine-lost.ts';

/** How long a thing may stay in use by a container that is on its way out. */
const BUSY_MS = 10_000;
/** A removal that is under way for this long is asked for again. */
const AGAIN_MS = 1_000;

/** Sends a signal to a container's main process; silent when it does not run or is gone. */
export async function killContainer(docker: Dockerode, id: string, signal: string): Promise<void> {
  try {
    await unlessGone(() => docker.getContainer(id).kill({ signal }));
  } catch (error) {
    if (refusalStatus(error) !== 409) throw error;
  }
}

/**
 * Kills and removes a container with its anonymous volumes; resolves when the engine no longer knows it. A removal
 * that the engine had begun by itself may fail without a word, so it is asked for again while the container stands.
 */
export async function removeContainer(docker: Dockerode, id: string): Promise<void> {
  const endMs = performance.now() + BUSY_MS;
  do {
    await whileBusy(() => unlessGone(() => docker.getContainer(id).remove({ force: true, v: true })));
    if (await isGoneWithin(docker, id, AGAIN_MS)) return;
  } while (performance.now() < endMs);
  throw new Error(`the engine does not finish the removal of container ${id}`);
}

async function isGoneWithin(docker: Dockerode, id: string, mostMs: number): Promise<boolean> {
  const endMs = performance.now() + mostMs;
  while ((await inspectContainer(docker, id)) !== null) {
    if (performance.now() > endMs) return false;
    await sleep(20);
  }
  return true;
}

/** Removes a network; waits a little for containers that are on their way out. */
export async function removeNetwork(docker: Dockerode, name: string): Promise<void> {
  await whileBusy(() => unlessGone(() => docker.getNetwork(name).remove()));
}

/** Removes a volume and what is in it; waits a little for containers that are on their way out. */
export async function removeVolume(docker: Dockerode, name: string): Promise<void> {
  await whileBusy(() => unlessGone(() => docker.getVolume(name).remove()));
}

/** Repeats what the engine refuses because another removal is under way (409; 403 for a network in use). */
async function whileBusy(removal: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return await removal();
    } catch (error) {
      const status = refusalStatus(error);
      if ((status !== 409 && status !== 403) || performance.now() > endMs) throw error;
      if (isBeingRemoved(error)) return;
      await sleep(50);
    }
  }
}

function isBeingRemoved(error: unknown): boolean {
  return error instanceof Error && error.message.includes('is already in progress');
}
