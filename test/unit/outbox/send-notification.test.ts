import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotificationMessage } from '../../../src/core/notification.ts';
import type { EffectHandler } from '../../../src/outbox/outbox.ts';
import { rangesOf } from '../../../src/outbox/public-address.ts';
import { notificationHandler, type NotificationDeps } from '../../../src/outbox/send-notification.ts';
import type { Mailer } from '../../../src/ports/mailer.ts';

const NOW = 1_763_000_000_000;
const SECRET = 'what signs the messages';
const MESSAGE: NotificationMessage = {
  event: 'build.failed',
  atMs: NOW,
  project: 'shop/web',
  path: '/builds/bld_1',
  build: null,
  deployment: null,
};
const PAYLOAD = { targetId: 'ntf_1', address: null, message: MESSAGE };

let seen: { headers: IncomingHttpHeaders; body: string }[];
let status: number;
let server: Server;
let url: string;
beforeEach(async () => {
  [seen, status] = [[], 200];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(status, { location: '/other' }).end('an answer');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/secret-part?token=t`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const handler = (deps: Partial<NotificationDeps> = {}): EffectHandler =>
  notificationHandler({
    open: async () => ({ kind: 'webhook', url, secret: SECRET }),
    mailer: null,
    guard: { allowed: rangesOf(['127.0.0.1']) },
    clock: { nowMs: () => NOW },
    publicUrl: 'https://ci.test',
    ...deps,
  });
const send = (deps: Partial<NotificationDeps> = {}) =>
  handler(deps)(PAYLOAD, 'ntf_1:bld_1', new AbortController().signal);

describe('a webhook', () => {
  it('gets JSON with the id of the message, signed as GitHub signs, and a receiver can verify it', async () => {
    expect(await send()).toEqual({
      state: 'done',
      detail: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 200$/) as string,
    });
    const [{ headers, body } = { headers: {}, body: '' }] = seen;
    expect(JSON.parse(body)).toEqual({
      id: 'ntf_1:bld_1',
      event: 'build.failed',
      atMs: NOW,
      project: 'shop/web',
      url: 'https://ci.test/builds/bld_1',
      build: null,
      deployment: null,
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-slipway-event': 'build.failed',
      'x-slipway-delivery': 'ntf_1:bld_1',
      'x-slipway-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    });
  });

  it('gets the same bytes and the same id when it is sent again', async () => {
    await send();
    await send();
    expect(seen[1]?.body).toBe(seen[0]?.body);
    expect(seen[1]?.headers['x-slipway-delivery']).toBe(seen[0]?.headers['x-slipway-delivery']);
  });

  it.each([
    [204, 'done'],
    [302, 'failed'],
    [400, 'failed'],
    [410, 'failed'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('that answers %i has %s', async (answered, state) => {
    status = answered;
    const outcome = await send();
    expect(outcome.state).toBe(state);
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(outcome)).not.toMatch(/secret-part|token=t|what signs/);
  });

  it('that is away is tried again, and what is told of it is its host only', async () => {
    const closed = url;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const outcome = await send({ open: async () => ({ kind: 'webhook', url: closed, secret: SECRET }) });
    expect(outcome).toMatchObject({
      state: 'retry',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(JSON.stringify(outcome)).not.toMatch(/secret-part|token=t/);
    server = createServer().listen(0);
  });

  it('in a network that is not allowed is not asked, and not tried again', async () => {
    expect(await send({ guard: { allowed: rangesOf([]) } })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('SLIPWAY_NOTIFY_NETWORKS') as string,
    });
    expect(seen).toEqual([]);
  });

  it('that was removed meanwhile gets nothing', async () => {
    expect(await send({ open: async () => null })).toMatchObject({ state: 'done' });
    expect(seen).toEqual([]);
  });

  it('gets no news of yesterday', async () => {
    const clock = { nowMs: () => NOW + 25 * 3_600_000 };
    expect(await send({ clock })).toMatchObject({ state: 'failed' });
    expect(seen).toEqual([]);
  });
});

it('an e-mail without a mail server has failed, with what to set', async () => {
  expect(await send({ open: async () => ({ kind: 'email' }) })).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('SLIPWAY_SMTP_HOST') as string,
  });
});

it('an e-mail hears of the end of the outbox', async () => {
  const ending = new AbortController();
  const mailer: Mailer = {
    send: (_mail, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ state: 'retry', reason: 'broken off' }));
      }),
  };
  const sending = handler({ open: async () => ({ kind: 'email' }), mailer })(PAYLOAD, 'key', ending.signal);
  await setImmediate();
  ending.abort();
  expect(await sending).toEqual({ state: 'retry', reason: 'broken off' });
});
