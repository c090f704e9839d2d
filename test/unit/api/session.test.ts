import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ intake: false });
});
afterEach(() => server.close());

const signIn = (token: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
const cookieOf = (answer: Response) => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
const as = (cookie: string, method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1${path}`, { method, headers: { cookie, ...headers } });

describe('signing in', () => {
  it('gives a cookie that no script and no other site can use', async () => {
    const answer = await signIn(server.adminToken);
    expect(answer.status).toBe(201);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^slipway_session=slipway_session_[\w-]{43}; /);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toMatch(/Secure/);
    expect((await as(cookieOf(answer), 'GET', '/session')).status).toBe(200);
  });

  it('gives a Secure cookie where the pages are opened by https', async () => {
    const secure = await startTestServer({ intake: false, publicUrl: 'https://ci.example.com' });
    const answer = await fetch(`${secure.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: secure.adminToken }),
    });
    // The prefix keeps apps on neighbouring hosts from setting one (RFC 6265bis, 4.1.3.2).
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-slipway_session=slipway_session_[\w-]{43}; Path=\/;/,
    );
    expect(answer.headers.get('set-cookie')).toMatch(/Secure/);
    const value = cookieOf(answer).split('=')[1] ?? '';
    const asked = (cookie: string) => fetch(`${secure.url}/api/v1/session`, { headers: { cookie } });
    expect((await asked(`slipway_session=${value}`)).status).toBe(401);
    expect((await asked(`slipway_session=tossed; __Host-slipway_session=${value}`)).status).toBe(200);
    expect(answer.headers.get('strict-transport-security')).toMatch(/max-age/);
    await secure.close();
  });

  it('is refused with a wrong token, and after ten of them for a while', async () => {
    for (let n = 0; n < 10; n++) {
      const refused = await signIn('wrong');
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: { code: 'token_wrong' } });
    }
    const answer = await signIn(server.adminToken);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts the failures of each user behind a trusted proxy, and believes no header of a stranger', async () => {
    for (let n = 0; n < 10; n++) await signIn('wrong', { 'x-forwarded-for': `192.0.2.${n}` });
    expect((await signIn(server.adminToken, { 'x-forwarded-for': '192.0.2.99' })).status).toBe(429);
    const behind = await startTestServer({
      intake: false,
      change: ({ settings }) => ({ settings: { ...settings, trustedProxies: ['127.0.0.1'] } }),
    });
    const from = (address: string, token: string) =>
      fetch(`${behind.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify({ token }),
      });
    for (let n = 0; n < 10; n++) await from(`203.0.113.${n}, 192.0.2.1`, 'wrong');
    expect((await from('192.0.2.1', behind.adminToken)).status).toBe(429);
    expect((await from('192.0.2.2', behind.adminToken)).status).toBe(201);
    // Whoever has one address of IPv6 has 2^64 of them.
    for (let n = 0; n < 10; n++) await from(`2001:db8:1:2::${n}`, 'wrong');
    expect((await from('2001:DB8:1:2:ffff::1', behind.adminToken)).status).toBe(429);
    expect((await from('2001:db8:1:3::1', behind.adminToken)).status).toBe(201);
    for (let n = 0; n < 10; n++) await from(`::ffff:192.0.2.3`, 'wrong');
    expect((await from('192.0.2.3', behind.adminToken)).status).toBe(429);
    expect((await from('::ffff:192.0.2.4', behind.adminToken)).status).toBe(201);
    for (let n = 0; n < 10; n++) await from(`no address ${n}`, 'wrong');
    expect((await from('no address at all', behind.adminToken)).status).toBe(429);
    await behind.close();
  });

  it('is limited for those who try many at the same time, too', async () => {
    const find = server.deps.tokens.find.bind(server.deps.tokens);
    vi.spyOn(server.deps.tokens, 'find').mockImplementation(async (token) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return find(token);
    });
    const answers = await Promise.all(Array.from({ length: 40 }, () => signIn('wrong')));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('that goes well counts for nothing', async () => {
    for (let n = 0; n < 12; n++) expect((await signIn(server.adminToken)).status).toBe(201);
  });

  it('is refused with a session instead of the admin token', async () => {
    const session = cookieOf(await signIn(server.adminToken)).split('=')[1] ?? '';
    expect((await signIn(session)).status).toBe(401);
  });

  it('ends by signing out: the cookie is worth nothing afterwards', async () => {
    const cookie = cookieOf(await signIn(server.adminToken));
    const out = await as(cookie, 'DELETE', '/session', { origin: server.url });
    expect(out.status).toBe(204);
    expect((await as(cookie, 'GET', '/session')).status).toBe(401);
  });

  it('makes the admin token once, and keeps only its hash', async () => {
    expect(server.adminToken).toMatch(/^slipway_admin_/);
    expect(await server.deps.tokens.makeFirstAdminToken()).toBeNull();
    const rows = await server.deps.store.db.selectFrom('access_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(server.adminToken);
  });
});

describe('a change by cookie', () => {
  const change = (cookie: string, headers: Record<string, string>) =>
    as(cookie, 'PUT', '/registries/registry.example', { 'content-type': 'application/json', ...headers });
  const refused: Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://slipway.example.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://slipway.example' },
  ];

  it.each(refused)('is refused from elsewhere: %j', async (headers) => {
    const cookie = cookieOf(await signIn(server.adminToken));
    const answer = await change(cookie, headers);
    expect(answer.status).toBe(403);
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe('origin_wrong');
  });

  it.each([{ origin: 'http://slipway.example' }, { 'sec-fetch-site': 'same-origin' }])(
    'is let through from the pages themselves: %j',
    async (headers) => {
      const cookie = cookieOf(await signIn(server.adminToken));
      expect((await change(cookie, headers)).status).toBe(400); // its body is missing, no more
    },
  );

  it('signing somebody in from another site is refused too', async () => {
    expect((await signIn(server.adminToken, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await signIn(server.adminToken, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('is refused from a page of this host that came without TLS, where ours come with it', async () => {
    const secure = await startTestServer({ intake: false, publicUrl: 'https://ci.example.com' });
    const to = (origin: string) =>
      fetch(`${secure.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ token: secure.adminToken }),
      });
    expect((await to('http://ci.example.com')).status).toBe(403);
    expect((await to('https://ci.example.com')).status).toBe(201);
    await secure.close();
  });

  it('a session is good in its cookie only', async () => {
    const session = cookieOf(await signIn(server.adminToken)).split('=')[1] ?? '';
    expect((await as('', 'GET', '/session', { authorization: `Bearer ${session}` })).status).toBe(401);
    expect((await as(`slipway_session=${server.adminToken}`, 'GET', '/session')).status).toBe(401);
  });

  it('a cookie does not help a wrong bearer token', async () => {
    const cookie = cookieOf(await signIn(server.adminToken));
    expect((await as(cookie, 'GET', '/session', { authorization: 'Bearer wrongwrong' })).status).toBe(401);
  });
});

it('no answer of the API is kept by a browser or a proxy, whether it is a success or not', async () => {
  for (const path of ['/projects', '/none', '/builds/none', `/logs/x`])
    expect((await server.api('GET', path)).headers.get('cache-control')).toBe('no-store');
  expect((await fetch(`${server.url}/worker/v1/none`)).headers.get('cache-control')).toBe('no-store');
});

it('every answer says which scripts and frames are allowed', async () => {
  const answer = await fetch(`${server.url}/healthz`);
  expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('x-powered-by')).toBeNull();
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

it('logs who asked for what, never a token, a cookie or a query', async () => {
  const cookie = cookieOf(await signIn(server.adminToken));
  await as(cookie, 'GET', '/session?note=private-note');
  await server.api('GET', '/projects');
  const log = server.logged.join('');
  expect(log).toContain('"path":"/api/v1/session"');
  expect(log).toContain('"by":"admin admin"');
  expect(log).toContain('"from":"127.0.0.1"');
  expect(log).not.toMatch(/slipway_(admin|session)_|private-note/);
});
