import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sign } from '../../../src/webhooks/signature.ts';
import { createReceivingRoom } from '../../../src/webhooks/receiving-room.ts';
import { openRaw, requestHead, type RawHttp } from '../../support/raw-http.ts';
import { startTestServer, WEBHOOK_SECRETS, type TestServer } from '../../support/test-server.ts';

const ROOM = 200_000;
const RECEIVE_MS = 2_000;
const SIGNATURE = `sha256=${'0'.repeat(64)}`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    intake: false,
    change: ({ settings }) => ({
      settings: { ...settings, limits: { ...settings.limits, receivingBytes: ROOM, receiveMs: RECEIVE_MS } },
    }),
  });
});
afterAll(() => server.close());

function open(headers: Readonly<Record<string, string | number>>): RawHttp {
  const raw = openRaw(server.url);
  raw.write(
    requestHead('POST /webhooks/github', {
      'Content-Type': 'application/json',
      'X-GitHub-Event': 'ping',
      'X-GitHub-Delivery': 'raw',
      ...headers,
    }),
  );
  return raw;
}
const payloadOf = (bytes: number) => JSON.stringify({ padding: 'x'.repeat(bytes) });
const codeOf = (answer: string) => /"code":"(\w+)"/.exec(answer)?.[1];

describe('a delivery is refused before its body comes', () => {
  const cases: readonly [string, string, Readonly<Record<string, string | number>>][] = [
    ['without a signature', 'signature_missing', { 'Content-Length': 1_000 }],
    ['with a signature of another form', 'signature_wrong', { 'X-Hub-Signature-256': 'sha1=ab' }],
    ['by its encoding', 'encoding_wrong', { 'X-Hub-Signature-256': SIGNATURE, 'Content-Encoding': 'gzip' }],
    [
      'by its announced length',
      'body_too_large',
      { 'X-Hub-Signature-256': SIGNATURE, 'Content-Length': 26 * 1024 * 1024 },
    ],
    [
      'by the room that is left for it',
      'receiving_full',
      { 'X-Hub-Signature-256': SIGNATURE, 'Content-Length': ROOM },
    ],
  ];

  it.each(cases)('%s: %s', async (_how, code, headers) => {
    const raw = open({ 'Content-Length': 1_000, ...headers });
    expect(codeOf(await raw.until(/\}$/))).toBe(code);
    raw.close();
  });

  it('where no secret is set', async () => {
    const bare = await startTestServer({
      intake: false,
      change: ({ settings }) => ({ settings: { ...settings, webhookSecrets: [] } }),
    });
    const raw = openRaw(bare.url);
    raw.write(
      requestHead('POST /webhooks/github', { 'X-Hub-Signature-256': SIGNATURE, 'Content-Length': 9 }),
    );
    expect(codeOf(await raw.until(/\}$/))).toBe('signature_wrong');
    raw.close();
    await bare.close();
  });
});

describe('bodies that are received at the same time', () => {
  it('have room together up to a bound; past it they are refused until room is free', async () => {
    const bodies = Array.from({ length: 8 }, () => {
      const raw = open({ 'X-Hub-Signature-256': SIGNATURE, 'Content-Length': 60_000 });
      raw.write('x'.repeat(50_000));
      return raw;
    });
    const answers: string[] = [];
    const all = bodies.map(async (raw) => answers.push(await raw.until(/\}$/)));
    await expect.poll(() => answers.length).toBeGreaterThanOrEqual(5);
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['receiving_full']));
    expect(answers[0]).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: \d+\r\n/i);
    expect((await server.deliver('ping', payloadOf(7_000))).status).toBe(202);
    expect((await server.deliver('ping', payloadOf(95_000))).status).toBe(503);
    await Promise.all(all);
    expect(answers.map(codeOf)).toContain('body_too_slow');
    expect((await server.deliver('ping', payloadOf(95_000))).status).toBe(202);
    for (const raw of bodies) raw.close();
  });

  it('give their room back, whether they are kept, refused, too slow or broken off', async () => {
    const wrong = { headers: { 'x-hub-signature-256': SIGNATURE } };
    for (let n = 0; n < 5; n++) {
      expect((await server.deliver('ping', payloadOf(90_000))).status).toBe(202);
      expect((await server.deliver('ping', payloadOf(90_000), wrong)).status).toBe(401);
      const raw = open({ 'X-Hub-Signature-256': SIGNATURE, 'Content-Length': 90_000 });
      raw.write('x'.repeat(80_000));
      if (n === 0) expect(codeOf(await raw.until(/\}$/))).toBe('body_too_slow');
      raw.close();
      await raw.closed;
      await expect.poll(async () => (await server.deliver('ping', payloadOf(90_000))).status).toBe(202);
    }
  });
});

it('a body that drips in is refused after a while, and its connection is cut off', async () => {
  const raw = open({ 'X-Hub-Signature-256': SIGNATURE, 'Transfer-Encoding': 'chunked' });
  const drip = setInterval(() => raw.write('1\r\nx\r\n'), 20);
  expect(await raw.until(/\}$/)).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
  raw.close();
});

it('a body that comes in time is none of those', async () => {
  const body = payloadOf(1_000);
  const raw = open({
    'X-Hub-Signature-256': sign(body, WEBHOOK_SECRETS[0] ?? ''),
    'Content-Length': body.length,
  });
  for (const part of body.match(/.{1,250}/gs) ?? []) {
    raw.write(part);
    await new Promise((resolve) => setTimeout(resolve, RECEIVE_MS / 10));
  }
  expect(await raw.until(/\}$/)).toMatch(/^HTTP\/1\.1 202 /);
  raw.close();
});

describe('the room', () => {
  it('never holds more than it has, and keeps a place for small bodies beside any number of large ones', () => {
    const room = createReceivingRoom(1_000_000);
    const held = Array.from({ length: 50 }, () => {
      const place = room.enter();
      let bytes = 0;
      while (place.take(1_000)) bytes += 1_000;
      return bytes;
    });
    const sum = held.reduce((all, bytes) => all + bytes, 0);
    expect(sum).toBeLessThan(1_000_000);
    expect(held[0]).toBe(500_000);
    const free = 1_000_000 - sum;
    expect(room.enter().take(Math.floor(free / 2))).toBe(true);
  });

  it('counts what has left as free, once', () => {
    const room = createReceivingRoom(100);
    const place = room.enter();
    expect(place.take(50)).toBe(true);
    expect(room.enter().take(50)).toBe(false);
    place.leave();
    place.leave();
    expect(room.enter().take(51)).toBe(false);
    expect(room.enter().take(50)).toBe(true);
  });
});
