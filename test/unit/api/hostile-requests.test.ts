import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRaw } from '../../support/raw-http.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-pages-'));
  await mkdir(path.join(folder, 'pages', 'assets'), { recursive: true });
  await writeFile(path.join(folder, 'pages', 'index.html'), 'the page');
  await writeFile(path.join(folder, 'pages', 'assets', 'app.js'), 'the script');
  await writeFile(path.join(folder, 'pages', '.hidden'), 'not for everybody');
  await writeFile(path.join(folder, 'admin-token'), 'not for everybody');
  server = await startTestServer({ intake: false, webRoot: path.join(folder, 'pages') });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Asks for a path as it stands; fetch would tidy it up. */
async function ask(target: string, headers = ''): Promise<string> {
  const raw = openRaw(server.url);
  raw.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  return raw.closed;
}

describe('the pages', () => {
  it('are the page at every address that a browser opens, and their files', async () => {
    expect(await ask('/builds/x', 'Accept: text/html\r\n')).toMatch(/^HTTP\/1\.1 200 [\s\S]*the page$/);
    expect(await ask('/assets/app.js')).toMatch(/max-age=31536000, immutable[\s\S]*the script$/);
  });

  it.each([
    '/../admin-token',
    '/%2e%2e/admin-token',
    '/..%2fadmin-token',
    '/assets/..%2f..%2fadmin-token',
    '/assets/..%5c..%5cadmin-token',
    '/assets//../../admin-token',
    '//admin-token',
    '/admin-token%00.js',
    '/.hidden',
    '/%2ehidden',
    '/assets',
    '/%E0%A4%A',
  ])('are nothing else: %s', async (target) => {
    const answer = await ask(target);
    expect(answer).toMatch(/^HTTP\/1\.1 40[034] /);
    expect(answer).not.toContain('not for everybody');
  });

  it.each(['//evil.example/builds', '/\\\\evil.example', '/%5cevil.example', '/assets//evil.example/..'])(
    'lead nowhere else: %s',
    async (target) => expect(await ask(target, 'Accept: text/html\r\n')).not.toMatch(/\r\nlocation:/i),
  );
});

describe('a request with odd values', () => {
  it.each([
    '/builds?limit=0',
    '/builds?limit=201',
    '/builds?limit=1e3',
    '/builds?limit=1&limit=2',
    '/builds?before=%00',
    '/builds?project=a%00b',
    '/deliveries?before=a&before=b',
    '/environments?project=%00',
    '/stream?build=%00',
    '/stream?environment=a%00',
    `/builds?before=${'x'.repeat(65)}`,
    `/stream?${'build=x&'.repeat(17)}`,
    `/stream?${'environment=x&'.repeat(257)}`,
  ])('%s is refused', async (target) => {
    const answer = await server.api('GET', target);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe('request_wrong');
  });

  it('like a NUL in its body, which no database takes, is refused', async () => {
    const login = { username: 'a\u0000b', password: 'passpass' };
    expect((await server.api('PUT', '/registries/registry.example', login)).status).toBe(400);
  });

  it('cannot reach what all objects have in common', async () => {
    const raw = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"name":"x"}';
    const post = (query: string) =>
      fetch(`${server.url}/api/v1/tokens${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
        body: raw,
      });
    for (const query of ['?__proto__[polluted]=1', '?__proto__=1', '?constructor=x'])
      expect((await post(query)).status).toBe(400);
    expect((await post('')).status).toBe(400);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect((await server.api('GET', `/projects/${name}`)).status).toBe(404);
  });

  it('gets its text back as JSON that no browser takes for a page', async () => {
    const answer = await server.api('GET', '/builds/%3Cscript%3Ealert(1)%3C%2Fscript%3E');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});
