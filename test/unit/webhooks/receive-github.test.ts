import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sign } from '../../../src/webhooks/signature.ts';
import { startTestServer, WEBHOOK_SECRETS, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
});
afterAll(() => server.close());

const PING = { zen: 'Keep it logically awesome.', repository: { full_name: 'Shop/Web' } };
const secret = WEBHOOK_SECRETS[0] ?? '';
const rows = () => server.deps.store.db.selectFrom('delivery').selectAll().execute();
const codeOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { error?: { code: string } }).error?.code,
});

describe('a delivery that is right', () => {
  it('is durable before its 202, with what names it', async () => {
    const body = JSON.stringify({ ...PING, action: 'opened' });
    const response = await server.deliver('ping', body, { id: 'right-1' });
    expect(response.status).toBe(202);
    const answer = (await response.json()) as { delivery: string };
    expect(answer).toMatchObject({ outcome: 'received', builds: [] });
    expect((await rows()).find((row) => row.id === answer.delivery)).toMatchObject({
      host_delivery_id: 'right-1',
      event: 'ping',
      action: 'opened',
      repository: 'shop/web',
      body,
      body_bytes: Buffer.byteLength(body),
      outcome: 'received',
      times: 1,
    });
  });

  it('may be signed with any of several secrets, so that they can be rotated', async () => {
    const body = JSON.stringify(PING);
    const old = sign(body, WEBHOOK_SECRETS[1] ?? '');
    expect((await server.deliver('ping', body, { headers: { 'x-hub-signature-256': old } })).status).toBe(
      202,
    );
  });

  it('is kept byte for byte, also beyond ASCII and with odd white space', async () => {
    const body = '{ "repository":\n\t{"full_name":"ünï/côde"}, "emoji":"🚢\\u0000" }';
    await server.deliver('ping', body, { id: 'bytes' });
    expect((await rows()).find((row) => row.host_delivery_id === 'bytes')?.body).toBe(body);
  });

  it('is accepted chunked, and with a charset in its type', async () => {
    const body = JSON.stringify(PING);
    const sent = await sendRaw(server.url, {
      headers: { 'transfer-encoding': 'chunked', 'content-type': 'application/json; charset=utf-8' },
      parts: body.match(/.{1,7}/gs) ?? [],
      signature: sign(body, secret),
    });
    expect(sent.status).toBe(202);
  });

  it('that comes again is one row, counted', async () => {
    for (const times of [1, 2, 3]) {
      await server.deliver('ping', PING, { id: 'again' });
      const found = (await rows()).filter((row) => row.host_delivery_id === 'again');
      expect(found.map((row) => row.times)).toEqual([times]);
    }
  });

  it('that comes twenty times at once is one row', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.deliver('ping', PING, { id: 'at-once' })),
    );
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { delivery: string }).delivery),
    );
    expect(new Set(ids).size).toBe(1);
    expect((await rows()).filter((row) => row.host_delivery_id === 'at-once')).toMatchObject([{ times: 20 }]);
  });

  it('has ids in the order of arrival, also within a millisecond', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) {
      const answer = await server.deliver('ping', PING);
      ids.push(((await answer.json()) as { delivery: string }).delivery);
    }
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('a delivery that is wrong leaves no row', () => {
  const cases: readonly [string, number, string, () => Promise<Response>][] = [
    ['no signature', 401, 'signature_missing', () => send({ 'x-hub-signature-256': undefined })],
    [
      'a signature of another secret',
      401,
      'signature_wrong',
      () => send({ 'x-hub-signature-256': sign('{}', 'x') }),
    ],
    [
      'a signature of another body',
      401,
      'signature_wrong',
      () => send({ 'x-hub-signature-256': sign('{"a":1}', secret) }),
    ],
    [
      'one changed digit',
      401,
      'signature_wrong',
      () => send({ 'x-hub-signature-256': mutate(sign(JSON.stringify(PING), secret)) }),
    ],
    ['sha1 instead', 401, 'signature_wrong', () => send({ 'x-hub-signature-256': `sha1=${'a'.repeat(40)}` })],
    ['an empty signature', 401, 'signature_wrong', () => send({ 'x-hub-signature-256': 'sha256=' })],
    [
      'a signature twice',
      401,
      'signature_wrong',
      () => send({ 'x-hub-signature-256': `${sign(JSON.stringify(PING), secret)}, ${'a'.repeat(64)}` }),
    ],
    [
      'a form',
      415,
      'content_type_wrong',
      () => send({ 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    [
      'a type that only begins like JSON',
      415,
      'content_type_wrong',
      () => send({ 'content-type': 'application/jsonp' }),
    ],
    ['no event', 400, 'delivery_header_missing', () => send({ 'x-github-event': undefined })],
    ['no delivery id', 400, 'delivery_header_missing', () => send({ 'x-github-delivery': undefined })],
    [
      'a delivery id that is a path',
      400,
      'delivery_header_missing',
      () => send({ 'x-github-delivery': '../../etc' }),
    ],
    ['half a document', 400, 'json_wrong', () => server.deliver('push', '{"repository":')],
    ['a list', 400, 'json_wrong', () => server.deliver('push', '[]')],
    ['null', 400, 'json_wrong', () => server.deliver('push', 'null')],
    ['nothing', 400, 'json_wrong', () => server.deliver('push', '')],
  ];
  const send = (headers: Record<string, string | undefined>) =>
    server.deliver('ping', PING, { id: 'wrong', headers });

  it.each(cases)('%s: %d %s', async (_name, status, code, act) => {
    const before = (await rows()).length;
    expect(await codeOf(await act())).toEqual({ status, code });
    expect((await rows()).length).toBe(before);
  });

  it('a compressed body: 415, whatever its signature covers', async () => {
    const body = JSON.stringify(PING);
    const packed = gzipSync(body);
    for (const signature of [sign(body, secret), sign(packed, secret)]) {
      const sent = await sendRaw(server.url, {
        headers: { 'content-encoding': 'gzip' },
        parts: [packed],
        signature,
      });
      expect(sent).toMatchObject({ status: 415, code: 'encoding_wrong' });
    }
  });

  it('a body over 25 MB: 413 by its announced length', async () => {
    const sent = await sendRaw(server.url, {
      headers: { 'content-length': String(26 * 1024 * 1024) },
      parts: ['{}'],
      signature: sign('{}', secret),
      leaveOpen: true,
    });
    expect(sent).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('a chunked body over 25 MB: 413, and it is not kept in memory', async () => {
    const part = randomBytes(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    const sent = await sendRaw(server.url, {
      headers: { 'transfer-encoding': 'chunked' },
      parts: Array.from({ length: 40 }, () => part),
      signature: sign('{}', secret),
    });
    expect(sent).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * 1024 * 1024);
  });

  it('a secret header with a line break in it: the request is refused before it is one', async () => {
    const answer = await sendBytes(
      server.url,
      `POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: ping\r\nX-GitHub-Delivery: a\rX-Hub-Signature-256: b\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });

  it('two signature headers are one wrong signature, never the better of the two', async () => {
    const body = '{}';
    const head = `POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: ping\r\nX-GitHub-Delivery: two\r\n`;
    const two = `X-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\nX-Hub-Signature-256: ${sign(body, secret)}\r\n`;
    const answer = await sendBytes(
      server.url,
      `${head}${two}Connection: close\r\nContent-Length: 2\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 401/);
  });
});

it('logs neither bodies nor signatures nor secrets', async () => {
  await server.deliver('ping', { ...PING, password: 'hunter2hunter2' });
  await server.deliver('ping', '{"password":"hunter2hunter2"', {});
  const log = server.logged.join('');
  expect(log).toContain('/webhooks/github');
  expect(log).not.toMatch(/hunter2hunter2|sha256=|secret of the webhook/);
});

it('refuses everything when no secret is set', async () => {
  const bare = await startTestServer({
    intake: false,
    change: ({ settings }) => ({ settings: { ...settings, webhookSecrets: [''] } }),
  });
  const body = JSON.stringify(PING);
  expect(
    (await bare.deliver('ping', body, { headers: { 'x-hub-signature-256': sign(body, '') } })).status,
  ).toBe(401);
  await bare.close();
});

function mutate(signature: string): string {
  return signature.slice(0, -1) + (signature.endsWith('0') ? '1' : '0');
}

interface RawRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: readonly (string | Buffer)[];
  readonly signature: string;
  readonly leaveOpen?: boolean;
}

function sendRaw(url: string, { headers, parts, signature, leaveOpen }: RawRequest) {
  return new Promise<{ status: number; code: string | undefined }>((resolve, reject) => {
    const sent = httpRequest(`${url}/webhooks/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'ping',
        'x-github-delivery': `raw-${Math.random()}`,
        'x-hub-signature-256': signature,
        ...headers,
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        sent.destroy();
        const answer = JSON.parse(text) as { error?: { code: string } };
        resolve({ status: response.statusCode ?? 0, code: answer.error?.code });
      });
    });
    for (const part of parts) sent.write(part);
    if (leaveOpen !== true) sent.end();
  });
}

function sendBytes(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
      socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
