import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { awaitListening } from '../../../../worker/deploy/await-listening.ts';

const never = new AbortController().signal;

it('resolves soon after the port opens, and not before', async () => {
  const port = await freePort();
  let heard = false;
  const waiting = awaitListening('127.0.0.1', port, never).then(() => (heard = true));
  await sleep(100);
  expect(heard).toBe(false);
  const server = await listen(port);
  await waiting;
  server.close();
});

it('resolves when it is told to stop', async () => {
  const controller = new AbortController();
  const waiting = awaitListening('127.0.0.1', await freePort(), controller.signal);
  setTimeout(() => controller.abort(), 30);
  await waiting;
});

function listen(port: number): Promise<net.Server> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.resume());
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function freePort(): Promise<number> {
  const server = await listen(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
