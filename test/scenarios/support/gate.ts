import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What programs in containers ask, by names that a test gives, and what lets them wait while a name is shut. */
export interface Gate {
  readonly port: number;
  /** From now on who asks for it waits. */
  shut(name: string): void;
  /** Answers who waits, and who asks from now on. */
  open(name: string): void;
  /** How many wait. */
  waiting(name: string): number;
  close(): Promise<void>;
}

/** All is open at first. It listens on every address: containers reach it by that of their network's gateway. */
export async function startGate(): Promise<Gate> {
  const shut = new Map<string, Set<ServerResponse>>();
  const server = createServer((request, response) => {
    const waiting = shut.get((request.url ?? '').slice(1));
    if (waiting === undefined) return void response.end('open\n');
    waiting.add(response);
    response.on('close', () => waiting.delete(response));
  }).listen(0);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    shut: (name) => void (shut.has(name) || shut.set(name, new Set())),
    open(name) {
      const waiting = shut.get(name);
      shut.delete(name);
      for (const response of waiting ?? []) response.end('open\n');
    },
    waiting: (name) => shut.get(name)?.size ?? 0,
    async close() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}
