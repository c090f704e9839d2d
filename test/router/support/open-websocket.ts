import { once } from 'node:events';
import net from 'node:net';

/** An upgraded connection of one client. */
export interface Websocket {
  /** Whether a byte comes back over it now. False: it was cut. */
  echoes(): Promise<boolean>;
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<unknown>;
  /** Resolves when it is closed from this side. */
  close(): Promise<void>;
}

/** Opens a websocket at a public host and resolves when its app has taken it. */
export async function openWebsocket(port: number, host: string): Promise<Websocket> {
  const socket = net.connect(port, '127.0.0.1');
  // A cut is no error here: `closed` tells of it.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(answer.toString('latin1'));
  return {
    async echoes() {
      if (socket.destroyed) return false;
      const back = once(socket, 'data').then(() => true);
      socket.write('p');
      return Promise.race([back, closed.then(() => false)]);
    },
    closed,
    async close() {
      socket.end();
      await closed;
    },
  };
}
