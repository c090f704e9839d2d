import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startRegistry } from '../../src/parts/registry.ts';
import { HTPASSWD } from '../support/registry-logins.ts';

export interface CountedRegistry {
  /** `127.0.0.1:port` of a proxy, so that everything sent to the registry is counted. */
  readonly host: string;
  /** Bytes sent to the registry since the last call. */
  takeBytes(): number;
  stop(): Promise<void>;
}

/** Starts a real registry of its own, behind a counter. */
export async function startCountedRegistry(locked = false): Promise<CountedRegistry> {
  const dir = mkdtempSync(path.join(tmpdir(), 'registry-test-'));
  const part = await startRegistry(locked ? { dir, htpasswd: HTPASSWD } : { dir });
  const proxy = await countingProxy(Number(part.host.split(':')[1]));
  return {
    host: `127.0.0.1:${proxy.port}`,
    takeBytes: proxy.takeBytes,
    stop: async () => {
      proxy.close();
      await part.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function countingProxy(
  target: number,
): Promise<{ readonly port: number; readonly takeBytes: () => number; readonly close: () => void }> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.on('data', (part) => (bytes += part.length));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => [client, upstream].forEach((one) => one.destroy()));
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    takeBytes: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
    close: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}
