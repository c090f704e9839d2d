import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** An engine on the loopback over TCP, with a network between that can go away without a word. */
export interface MuteProxy {
  /** As DOCKER_HOST. */
  readonly host: string;
  /** From now on nothing passes, in either direction; connections stay open, and new ones are still taken. */
  mute(): void;
  close(): void;
}

/** In front of the engine at `engineHost` (`unix://…`). */
export async function startMuteProxy(engineHost: string): Promise<MuteProxy> {
  const sockets = new Set<Socket>();
  let isMute = false;
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (bytes: Buffer) => void (isMute || to.write(bytes)));
    from.on('end', () => void (isMute || to.end()));
    from.on('error', () => void (isMute || to.destroy()));
    sockets.add(from);
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: engineHost.slice('unix://'.length), allowHalfOpen: true });
    pass(client, engine);
    pass(engine, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mute: () => {
      isMute = true;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
