import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A way over TCP to somewhere else that can be cut. */
export interface Way {
  /** e.g. `127.0.0.1:40123`. */
  readonly host: string;
  /** For `ms`, what travels breaks off after some bytes more, and who comes anew is let through as little. */
  cut(ms: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a way to `target()`, e.g. `127.0.0.1:5000`, which is asked at each connection.
 * @param lastBytes That get through a connection once it is cut, there and back.
 */
export async function openWay(target: () => string, lastBytes: number): Promise<Way> {
  const sockets = new Set<net.Socket>();
  let isCut = false;
  const server = net.createServer((near) => {
    const [host, port] = target().split(':');
    const far = net.connect(Number(port), host);
    let left = lastBytes;
    const pass = (to: net.Socket) => (chunk: Buffer) => {
      if (isCut) left -= chunk.length;
      if (isCut && left < 0) {
        near.destroy();
        far.destroy();
      } else to.write(chunk);
    };
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', pass(to));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    cut: async (ms) => {
      isCut = true;
      await sleep(ms);
      isCut = false;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
