import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { createHttpServer } from '../../../src/api/http-server.ts';
import { newId } from '../../../src/core/id.ts';
import { openRaw, requestHead } from '../../support/raw-http.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const MIB = 1024 * 1024;

let server: TestServer;
let workerToken = '';
beforeAll(async () => {
  server = await startTestServer({ intake: false });
  const made = await server.api('POST', '/workers/tokens', { name: 'ada' });
  workerToken = ((await made.json()) as { token: string }).token;
});
afterAll(() => server.close());

const send = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const codeOf = async (answer: Response) => ({
  status: answer.status,
  code: ((await answer.json()) as { error?: { code: string } }).error?.code,
});

describe('a body of a stranger', () => {
  it.each([
    ['/api/v1/projects', 'sign_in_needed'],
    ['/api/v1/none', 'sign_in_needed'],
    ['/worker/v1/claims', 'worker_token_wrong'],
  ])('to %s is refused before it is looked at', async (path, code) => {
    expect(await codeOf(await send(path, '{"half":'))).toEqual({ status: 401, code });
    expect(await codeOf(await send(path, ' '.repeat(2 * MIB)))).toEqual({ status: 401, code });
  });

  it.each(['/api/v1/projects', '/worker/v1/claims'])('to %s is refused before it comes', async (path) => {
    const raw = openRaw(server.url);
    raw.write(
      requestHead(`POST ${path}`, { 'Content-Type': 'application/json', 'Content-Length': 1_000_000 }),
    );
    expect(await raw.until(/\}$/)).toMatch(/^HTTP\/1\.1 401 /);
    raw.close();
  });

  it('that goes on for ever after its answer is cut off', async () => {
    const raw = openRaw(server.url);
    raw.write(requestHead('POST /api/v1/projects', { 'Transfer-Encoding': 'chunked' }));
    const part = Buffer.alloc(MIB);
    const chunk = Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const timer = setInterval(() => raw.write(chunk), 1);
    expect(await raw.closed).toMatch(/^HTTP\/1\.1 401 /);
    clearInterval(timer);
  });

  it('signing in is read up to 4 KiB', async () => {
    const body = JSON.stringify({ token: 'x'.repeat(5_000) });
    expect(await codeOf(await send('/api/v1/session', body))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
  });
});

describe('a body of one who may', () => {
  it('is read up to 1 MiB on the API', async () => {
    const authorization = `Bearer ${server.adminToken}`;
    const body = JSON.stringify({ cloneUrl: 'x'.repeat(MIB) });
    expect(await codeOf(await send('/api/v1/projects', body, { authorization }))).toMatchObject({
      status: 413,
    });
    expect(await codeOf(await send('/api/v1/projects', '{"half":', { authorization }))).toEqual({
      status: 400,
      code: 'json_wrong',
    });
  });

  it('is read up to 4 MiB on the worker protocol, so that no long reason comes again for ever', async () => {
    const authorization = `Bearer ${workerToken}`;
    const register = { protocol: 1, name: 'ada', instance: 'instance-of-ada', capacity: 1, routers: [] };
    const padded = (bytes: number) => JSON.stringify({ ...register, note: 'x'.repeat(bytes) });
    expect((await send('/worker/v1/workers', padded(3 * MIB), { authorization })).status).toBe(200);
    expect(await codeOf(await send('/worker/v1/workers', padded(4 * MIB), { authorization }))).toEqual({
      status: 413,
      code: 'body_too_large',
    });
  });

  it('is not unpacked', async () => {
    for (const [path, token] of [
      ['/api/v1/projects', server.adminToken],
      ['/worker/v1/workers', workerToken],
    ] as const) {
      const headers = { authorization: `Bearer ${token}`, 'content-encoding': 'gzip' };
      expect(await codeOf(await send(path, '{}', headers))).toEqual({ status: 415, code: 'encoding_wrong' });
    }
  });

  it("that is no JSON is not repeated in the answer: it may hold a worker's secrets", async () => {
    const answer = await send('/worker/v1/workers', 'hunter2hunter2', {
      authorization: `Bearer ${workerToken}`,
    });
    expect(await answer.text()).not.toContain('hunter2');
  });
});

it('a connection that never gets to the end of its request is cut off, whatever it asks for', async () => {
  const slow = createHttpServer(createApp(server.deps), {
    headMs: 100,
    requestMs: 200,
    lookMs: 20,
    idleMs: 60_000,
    keepAliveMs: 5_000,
  });
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  const silent = openRaw(url);
  const head = openRaw(url);
  head.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const body = openRaw(url);
  body.write(
    requestHead('POST /api/v1/session', { 'Content-Length': 10, 'Content-Type': 'application/json' }),
  );
  for (const { closed } of [silent, head, body]) expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
  slow.close();
});

it('a connection that takes nothing of its answer for too long is cut off', async () => {
  const times = { headMs: 1_000, requestMs: 1_000, lookMs: 20, idleMs: 300, keepAliveMs: 5_000 };
  const slow = createHttpServer(createApp(server.deps), times);
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  const logId = newId('att');
  const bytes = Buffer.alloc(40 * MIB, 'x');
  const segments = [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }];
  await server.deps.logs.append([{ logId, offset: 0, segments, bytes, end: true }]);
  const reader = openRaw(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`);
  reader.write(
    requestHead(`GET /api/v1/logs/${logId}/raw`, { Authorization: `Bearer ${server.adminToken}` }),
  );
  await reader.until(/^HTTP\/1\.1 200 /);
  reader.pause();
  await expect
    .poll(() => server.logged.join(''), { timeout: 10_000 })
    .toMatch(new RegExp(`"path":"/api/v1/logs/${logId}/raw"[^\n]*"complete":false`));
  reader.close();
  slow.close();
});

it('a sender that hangs up half way through is no error of ours', async () => {
  for (const [path, headers] of [
    ['/webhooks/github', { 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` }],
    ['/worker/v1/workers', { Authorization: `Bearer ${workerToken}` }],
    ['/api/v1/projects', { Authorization: `Bearer ${server.adminToken}` }],
  ] as const) {
    const raw = openRaw(server.url);
    const all = { ...headers, 'Content-Type': 'application/json', 'Content-Length': 100 };
    raw.write(`${requestHead(`POST ${path}`, all)}{"half`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    raw.close();
    await expect
      .poll(() => server.logged.join(''))
      .toMatch(new RegExp(`"path":"${path}"[^\n]*"complete":false`));
  }
  expect(server.logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)).toEqual([]);
});
