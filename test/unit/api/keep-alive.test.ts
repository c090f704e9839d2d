import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import { endHttpServer, standsOpen } from '../../../src/api/end-http-server.ts';
import { createHttpServer } from '../../../src/api/http-server.ts';
import { openRaw, requestHead, type RawHttp } from '../../support/raw-http.ts';

const GET = (path: string): string => requestHead(`GET ${path}`, {});

let server: Server;
const opened: RawHttp[] = [];
afterEach(() => {
  for (const raw of opened.splice(0)) raw.close();
  server.closeAllConnections();
  server.close();
});

/** `/` answers at once, `/slow` after 300 ms, `/begun` too, but with its head at once; the others are never answered. */
function slowApp() {
  const app = express();
  app.get('/', (_, response) => void response.send('now'));
  app.get('/slow', (_, response) => void setTimeout(() => response.send('late'), 300));
  app.get('/begun', (_, response) => {
    response.writeHead(200, { 'content-length': 5 }).write('be');
    setTimeout(() => response.end('gun'), 300);
  });
  app.get('/never', () => undefined);
  app.get('/news', (_, response) => standsOpen(response));
  app.get('/soon', (_, response) => void setTimeout(() => standsOpen(response), 100));
  return app;
}

async function start(
  ...times: Parameters<typeof createHttpServer> extends [unknown, ...infer T] ? T : never
) {
  server = createHttpServer(slowApp(), ...times);
  await once(server.listen(0, '127.0.0.1'), 'listening');
}

function connect(): RawHttp {
  const raw = openRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  opened.push(raw);
  return raw;
}

/** How long the server took to end, ms. */
async function end(graceMs?: number): Promise<number> {
  const startMs = performance.now();
  await endHttpServer(server, graceMs);
  return performance.now() - startMs;
}

it('keeps idle connections for longer than the 60 s of the proxies that are usual in front of it', async () => {
  await start();
  const raw = connect();
  raw.write(GET('/'));
  expect(await raw.until(/now$/)).toMatch(/keep-alive: timeout=65\r\n/i);
  expect(TIMES.keepAlive).toBeGreaterThan(60_000);
});

it('takes the next request of a connection that was idle for longer than a head may take', async () => {
  await start({ headMs: 100, requestMs: 200, lookMs: 20, idleMs: 60_000, keepAliveMs: 5_000 });
  const raw = connect();
  raw.write(GET('/'));
  await raw.until(/now$/);
  await sleep(500);
  raw.write(GET('/'));
  expect(await raw.until(/now[^]*now$/)).not.toContain('408');
});

it('closes a connection that was idle for as long as is set', async () => {
  await start({ headMs: 1_000, requestMs: 1_000, lookMs: 20, idleMs: 60_000, keepAliveMs: 100 });
  const raw = connect();
  raw.write(GET('/'));
  expect(await raw.closed).toMatch(/now$/);
});

it('at its end closes what is idle at once', async () => {
  await start();
  const raw = connect();
  raw.write(GET('/'));
  await raw.until(/now$/);
  expect(await end(10_000)).toBeLessThan(5_000);
  await raw.closed;
});

it('at its end answers what it has begun, and says that the connection closes', async () => {
  await start();
  const [late, begun] = [connect(), connect()];
  late.write(GET('/slow'));
  begun.write(GET('/begun'));
  await begun.until(/be$/);
  expect(await end(10_000)).toBeLessThan(5_000);
  expect(await late.closed).toMatch(/connection: close\r\n[^]*late$/i);
  expect(await begun.closed).toMatch(/begun$/);
});

it('at its end waits for nothing that only stands open for news', async () => {
  await start();
  const raw = connect();
  raw.write(GET('/news'));
  await once(server, 'request');
  expect(await end(10_000)).toBeLessThan(5_000);
  expect(await raw.closed).toBe('');
});

it('at its end cuts off what has no answer in time', async () => {
  await start();
  const raw = connect();
  raw.write(GET('/never'));
  await once(server, 'request');
  const tookMs = await end(200);
  expect(tookMs).toBeGreaterThan(150);
  expect(tookMs).toBeLessThan(5_000);
  expect(await raw.closed).toBe('');
});

it('at its end waits for no answer that turns out to stand open', async () => {
  await start();
  const raw = connect();
  raw.write(GET('/soon'));
  await once(server, 'request');
  expect(await end(10_000)).toBeLessThan(5_000);
  expect(await raw.closed).toBe('');
});
