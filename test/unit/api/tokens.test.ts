import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessTokenView } from '../../../src/core/views/access-token-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const DAY = 24 * 3_600_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
});
afterAll(() => server.close());

const list = async () => ((await (await server.api('GET', '/tokens')).json()) as Page<AccessTokenView>).items;
const made = async (answer: Response) =>
  (await answer.json()) as { id: string; name: string; token: string; expiresAtMs: number | null };
const codeOf = async (answer: Response) => ({
  status: answer.status,
  code: ((await answer.json()) as { error: { code: string } }).error.code,
});
const asked = (token: string) =>
  fetch(`${server.url}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } });
const signIn = (token: string) =>
  fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

describe('a token', () => {
  it('is made with a name, told once, and works at once', async () => {
    const answer = await server.api('POST', '/tokens', { name: 'ada', expiresInDays: 30 });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const token = await made(answer);
    expect(token).toMatchObject({ name: 'ada' });
    expect(Math.abs((token.expiresAtMs ?? 0) - Date.now() - 30 * DAY)).toBeLessThan(60_000);
    expect(await (await asked(token.token)).json()).toEqual({ name: 'ada' });
    expect(JSON.stringify(await list())).not.toContain(token.token);
    expect(server.logged.join('')).not.toContain(token.token);
  });

  it('is listed beside the first one, with who uses which', async () => {
    expect(await list()).toMatchObject([
      { name: 'ada', sessions: 0, current: false },
      { name: 'admin', expiresAtMs: null, current: true },
    ]);
    await expect.poll(async () => (await list())[1]?.lastUsedAtMs).not.toBeNull();
  });

  it.each([
    {},
    { name: '' },
    { name: 'Ada' },
    { name: 'a/b' },
    { name: 'a'.repeat(64) },
    { name: 'ok', expiresInDays: 0 },
    { name: 'ok', expiresInDays: 1.5 },
    { name: 'ok', expiresInDays: 4_000 },
  ])('is not made of %j', async (body) => {
    expect(await codeOf(await server.api('POST', '/tokens', body))).toEqual({
      status: 400,
      code: 'request_wrong',
    });
  });

  it('is not made twice with one name', async () => {
    expect(await codeOf(await server.api('POST', '/tokens', { name: 'ada' }))).toEqual({
      status: 409,
      code: 'exists_already',
    });
  });
});

describe('a rotation', () => {
  it('ends the old token and the sessions made with it, and leaves the new one', async () => {
    const old = await made(await server.api('POST', '/tokens', { name: 'old' }));
    const next = await made(await server.api('POST', '/tokens', { name: 'next' }));
    const signedIn = await signIn(old.token);
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const withCookie = () => fetch(`${server.url}/api/v1/session`, { headers: { cookie } });
    expect((await withCookie()).status).toBe(200);
    expect((await list()).find(({ name }) => name === 'old')).toMatchObject({ sessions: 1 });
    expect((await server.api('DELETE', '/tokens/old')).status).toBe(204);
    expect((await asked(old.token)).status).toBe(401);
    expect((await signIn(old.token)).status).toBe(401);
    expect((await withCookie()).status).toBe(401);
    expect((await asked(next.token)).status).toBe(200);
    expect((await server.api('DELETE', `/tokens/${next.id}`)).status).toBe(204);
    expect(await codeOf(await server.api('DELETE', '/tokens/old'))).toEqual({
      status: 404,
      code: 'not_found',
    });
  });

  it('of the last token is refused', async () => {
    expect((await server.api('DELETE', '/tokens/ada')).status).toBe(204);
    expect(await codeOf(await server.api('DELETE', '/tokens/admin'))).toEqual({
      status: 409,
      code: 'last_token',
    });
    expect(await list()).toMatchObject([{ name: 'admin' }]);
  });
});
