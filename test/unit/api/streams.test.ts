import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { ApiLimits } from '../../../src/api/limits.ts';
import type { AppDeps } from '../../../src/api/deps.ts';
import { openRaw, requestHead } from '../../support/raw-http.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
const readers: AbortController[] = [];
beforeEach(async () => {
  server = await start({});
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.abort();
  await server.close();
});

function start(
  limits: Partial<ApiLimits>,
  change: (deps: AppDeps) => Partial<AppDeps> = () => ({}),
): Promise<TestServer> {
  return startTestServer({
    intake: false,
    change: (deps) => ({
      settings: { ...deps.settings, limits: { ...deps.settings.limits, ...limits } },
      ...change(deps),
    }),
  });
}
async function restart(...how: Parameters<typeof start>): Promise<void> {
  await server.close();
  server = await start(...how);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asAdmin = () => bearer(server.adminToken);

/** An open stream; `ended` resolves when the server has ended it. */
async function open(headers: Record<string, string>) {
  const reader = new AbortController();
  readers.push(reader);
  const response = await fetch(`${server.url}/api/v1/stream?deliveries=1`, {
    headers,
    signal: reader.signal,
  });
  let isOpen = response.ok;
  const ended = (async () => {
    for await (const part of response.body ?? []) void part;
  })()
    .catch(() => undefined)
    .finally(() => (isOpen = false));
  return { response, ended, isOpen: () => isOpen, leave: () => (reader.abort(), ended) };
}
async function signIn(token: string): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}
/** Something that every open stream is told, so that those that should live are seen to. */
const stillTold = async (stream: { isOpen: () => boolean }) => {
  await server.deliver('ping', { zen: 'x' });
  return stream.isOpen();
};

describe('a stream ends', () => {
  it('when its session signs out, and no other one with it', async () => {
    const [leaving, staying] = [await signIn(server.adminToken), await signIn(server.adminToken)];
    const streams = [await open({ cookie: leaving }), await open({ cookie: leaving })];
    const others = [await open({ cookie: staying }), await open(asAdmin())];
    await fetch(`${server.url}/api/v1/session`, {
      method: 'DELETE',
      headers: { cookie: leaving, origin: server.url },
    });
    await Promise.all(streams.map(({ ended }) => ended));
    for (const other of others) expect(await stillTold(other)).toBe(true);
  });

  it('when its token is revoked, as those of the sessions made with it', async () => {
    const { token } = await server.deps.tokens.make('lost', null);
    const streams = [await open(bearer(token)), await open({ cookie: await signIn(token) })];
    const other = await open(asAdmin());
    await server.api('DELETE', '/tokens/lost');
    await Promise.all(streams.map(({ ended }) => ended));
    expect(await stillTold(other)).toBe(true);
  });

  it('when its token or session expires', async () => {
    const { token } = await server.deps.tokens.make('brief', Date.now() + 700);
    const streams = [await open(bearer(token)), await open({ cookie: await signIn(token) })];
    expect(streams.every((stream) => stream.isOpen())).toBe(true);
    await Promise.all(streams.map(({ ended }) => ended));
    expect((await open(bearer(token))).response.status).toBe(401);
  });

  it('not before a session of thirty days does: longer than a timer can wait', async () => {
    const stream = await open({ cookie: await signIn(server.adminToken) });
    expect(await stillTold(stream)).toBe(true);
  });

  it('when its token was revoked between the look at it and the opening', async () => {
    let meanwhile = async (): Promise<void> => undefined;
    await restart({}, ({ tokens }) => ({
      tokens: {
        ...tokens,
        find: async (token) => {
          const found = await tokens.find(token);
          await meanwhile();
          return found;
        },
      },
    }));
    const { token } = await server.deps.tokens.make('lost', null);
    meanwhile = () => {
      meanwhile = async () => undefined;
      return server.deps.tokens.revoke('lost');
    };
    expect((await open(bearer(token))).response.status).toBe(401);
  });
});

describe('streams are limited', () => {
  const codeOf = async (response: Response) => ({
    status: response.status,
    code: ((await response.json()) as { error: { code: string } }).error.code,
  });

  it('for each token or session', async () => {
    await restart({ streamsEach: 2 });
    const cookie = await signIn(server.adminToken);
    const [first] = [await open({ cookie }), await open({ cookie })];
    const refused = await fetch(`${server.url}/api/v1/stream?builds=1`, { headers: { cookie } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await codeOf(refused)).toEqual({ status: 429, code: 'too_many_streams' });
    expect((await open(asAdmin())).isOpen()).toBe(true);
    await first?.leave();
    await expect.poll(async () => (await open({ cookie })).response.status).toBe(200);
  });

  it('on the whole server', async () => {
    await restart({ streams: 2 });
    const [first] = [await open(asAdmin()), await open({ cookie: await signIn(server.adminToken) })];
    const refused = await fetch(`${server.url}/api/v1/stream`, { headers: asAdmin() });
    expect(await codeOf(refused)).toEqual({ status: 429, code: 'too_many_streams' });
    await first?.leave();
    await expect.poll(async () => (await open(asAdmin())).response.status).toBe(200);
  });

  it('and a request that is wrong takes no place', async () => {
    await restart({ streams: 1 });
    for (let n = 0; n < 3; n++)
      expect((await fetch(`${server.url}/api/v1/stream?log=x`, { headers: asAdmin() })).status).toBe(400);
    expect((await open(asAdmin())).response.status).toBe(200);
  });

  it('and a reader that leaves while its stream opens gives its place back', async () => {
    const opening = Promise.withResolvers<void>();
    let isFirst = true;
    await restart({ streams: 1 }, ({ tokens }) => ({
      tokens: {
        ...tokens,
        holds: async (id) => {
          if (isFirst) await opening.promise.finally(() => (isFirst = false));
          return tokens.holds(id);
        },
      },
    }));
    const raw = openRaw(server.url);
    raw.write(requestHead('GET /api/v1/stream', asAdmin()));
    await expect.poll(async () => (await open(asAdmin())).response.status).toBe(429);
    raw.close();
    await raw.closed;
    await expect.poll(() => server.logged.join('')).toContain('"complete":false');
    opening.resolve();
    await expect.poll(async () => (await open(asAdmin())).response.status).toBe(200);
  });

  it('and one that only asks for the head gets just that', async () => {
    await restart({ streams: 1 });
    for (let n = 0; n < 3; n++) {
      const head = await fetch(`${server.url}/api/v1/stream`, { method: 'HEAD', headers: asAdmin() });
      expect(head.status).toBe(200);
      expect(head.headers.get('content-type')).toMatch(/^text\/event-stream/);
    }
    expect((await open(asAdmin())).response.status).toBe(200);
  });
});

describe('a reader', () => {
  it('hears a comment every so often, so that a dead one is noticed', async () => {
    await restart({ streamCommentMs: 20 });
    const raw = openRaw(server.url);
    raw.write(requestHead('GET /api/v1/stream', asAdmin()));
    await raw.until(/(\n:\n\n[^:]*){3}/);
    raw.close();
  });

  it('that does not keep up holds little, gets nothing more, and is cut off after a while', async () => {
    await restart({ streamStallMs: 500, streamCommentMs: 10 });
    const reads = vi.spyOn(server.deps.logs, 'readLines');
    const logIds = [newId('att'), newId('att')];
    for (const logId of logIds) await append(logId, { lines: 20_000, lineBytes: 2_000 });
    const raw = openRaw(server.url);
    const query = logIds.map((logId) => `log=${logId}:0`).join('&');
    raw.write(requestHead(`GET /api/v1/stream?${query}`, asAdmin()));
    await raw.until(/^HTTP\/1\.1 200 /);
    raw.pause();
    await expect
      .poll(() => server.logged.join(''), { timeout: 10_000 })
      .toMatch(/"path":"\/api\/v1\/stream"[^\n]*"complete":false/);
    const before = reads.mock.calls.length;
    expect(before).toBeLessThan(60); // of 80 batches, most of them in the kernel's buffers
    await append(newId('att'), { lines: 1, lineBytes: 10 });
    expect(reads.mock.calls.length).toBe(before);
    raw.close();
  });
});

async function append(logId: string, { lines, lineBytes }: { lines: number; lineBytes: number }) {
  const line = Buffer.from(`${'x'.repeat(lineBytes - 1)}\n`);
  const bytes = Buffer.concat(Array.from({ length: lines }, () => line));
  const segments = [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }];
  await server.deps.logs.append([{ logId, offset: 0, segments, bytes, end: false }]);
}
