import net from 'node:net';
import type { System } from '../../support/system.ts';
import { waitFor } from '../../support/wait.ts';
import type { Seen } from './expect-build.ts';
import type { Expected, Run } from './scenario.ts';

/** A request that an app answers without an end; `endedAtMs` is null while its client still has the connection. */
interface HeldRequest {
  readonly socket: net.Socket;
  endedAtMs: number | null;
}
export type HeldRequests = ReadonlyMap<string, HeldRequest>;

/** Asks for all of them, by their names; resolves when each app has begun to answer. */
export async function holdRequests(system: System, holds: Run['holds']): Promise<HeldRequests> {
  const begun = Object.entries(holds).map(async ([name, one]) => [name, await hold(system, one)] as const);
  return new Map(await Promise.all(begun));
}

/** Holds how many seconds after the traffic was switched each was cut. */
export async function expectCut(
  { build, expect }: Seen,
  held: HeldRequests,
  { cut }: Expected,
): Promise<void> {
  const switchedAtMs = build.deployments[0]?.switchedAtMs ?? Number.NaN;
  for (const [name, [least, most]] of Object.entries(cut)) {
    const endedAtMs = await waitFor(`${name} is cut`, () => held.get(name)?.endedAtMs ?? null, 2_000);
    const tookSeconds = (endedAtMs - switchedAtMs) / 1_000;
    expect.soft(tookSeconds, `seconds until ${name} is cut`).toBeGreaterThanOrEqual(least);
    expect.soft(tookSeconds, `seconds until ${name} is cut`).toBeLessThanOrEqual(most);
  }
}

/** Closes what is still open. */
export function letGo(held: HeldRequests): void {
  for (const { socket } of held.values()) socket.destroy();
}

function hold(system: System, { host, path, accept }: Run['holds'][string]): Promise<HeldRequest> {
  const { hostname, port } = new URL(system.routerUrl);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\n\r\n`),
    );
    const held: HeldRequest = { socket, endedAtMs: null };
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (!text.includes('\r\n\r\n')) return;
      if (text.startsWith('HTTP/1.1 200')) resolve(held);
      else reject(new Error(`${host}${path} was answered: ${text}`));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      held.endedAtMs = Date.now();
      reject(new Error(`${host}${path} was closed after: ${text}`));
    });
  });
}
