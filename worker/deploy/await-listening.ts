import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves when something takes TCP connections at an address, asking often at first and seldom later, or when the
 * signal aborts. It never rejects. A connection is closed without a word: whether the app is healthy is not known by it.
 */
export async function awaitListening(address: string, port: number, signal: AbortSignal): Promise<void> {
  const startMs = performance.now();
  while (!signal.aborted && !(await takesConnection(address, port, signal))) {
    // A pause in proportion to the time gone by: never more than a twentieth late.
    const pauseMs = (performance.now() - startMs) / 20;
    const bounded = Math.min(Math.max(pauseMs, LEAST_PAUSE_MS), MOST_PAUSE_MS);
    await sleep(bounded, undefined, { signal }).catch(() => undefined);
  }
}

const LEAST_PAUSE_MS = 5;
const MOST_PAUSE_MS = 100;

function takesConnection(address: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, signal });
    socket.on('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}
