import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { rulesOf, type AccessRule, type AuditRule } from '../../../src/api/route.ts';
import { AUDIT_ACTIONS } from '../../../src/core/audit.ts';
import { newToken } from '../../../src/secrets/token.ts';
import { layersOf, routesOf, type ListedLayer } from '../../support/list-routes.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

interface Found {
  readonly method: string;
  readonly path: string;
  readonly rule: AccessRule | undefined;
  readonly audit: AuditRule | null;
}

const PAGE = '<!doctype html><title>Slipway</title>';

let webRoot: string;
let server: TestServer;
let layers: readonly ListedLayer[];
let routes: readonly Found[];
beforeAll(async () => {
  webRoot = await mkdtemp(path.join(tmpdir(), 'slipway-pages-'));
  await writeFile(path.join(webRoot, 'index.html'), PAGE);
  server = await startTestServer({ intake: false, webRoot });
  const app = createApp(server.deps);
  layers = layersOf(app);
  routes = routesOf(app).map(({ method, path, handlers }) => {
    const rules = handlers.length === 1 ? rulesOf(handlers[0]) : undefined;
    return { method, path, rule: rules?.access, audit: rules?.audit ?? null };
  });
});
afterAll(async () => {
  await server.close();
  await rm(webRoot, { recursive: true });
});

const call = (route: Found, headers: Record<string, string> = {}) =>
  fetch(server.url + route.path.replace(/:\w+/g, 'x'), { method: route.method, headers });

describe("every route in express's own router", () => {
  it('has a rule, and its guard stands in its one handler', () => {
    expect(routes.length).toBeGreaterThan(38);
    expect(routes.filter((route) => route.rule === undefined)).toEqual([]);
  });

  it('that everybody may call is one of these', () => {
    const open = routes.filter(({ rule }) => rule === 'public' || rule === 'signature');
    expect(open.map(({ method, path, rule }) => `${rule} ${method} ${path}`)).toEqual([
      'public GET /healthz',
      'public GET /readyz',
      'signature POST /webhooks/github',
      'public GET /badges/:project',
      'public POST /api/v1/session',
    ]);
  });

  it('says what tells of the change that it makes; only those that read may not', () => {
    expect(routes.filter(({ method, audit }) => method !== 'GET' && audit === null)).toEqual([]);
    expect(routes.filter(({ method, audit }) => method === 'GET' && audit !== null)).toMatchObject(
      routes.filter(({ method, rule }) => method === 'GET' && rule === 'worker'),
    );
  });

  it('that an admin or a stranger may change something with is in the audit log, each under an action of its own', () => {
    const asking = routes.filter(({ audit }) => audit === 'nothing');
    expect(asking.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /api/v1/lint']);
    const changing = routes.filter(
      (route) => route.method !== 'GET' && route.rule !== 'worker' && !asking.includes(route),
    );
    const told = changing.map(({ audit }) => audit).filter((audit) => audit !== 'delivery');
    expect(told.toSorted()).toEqual(Object.keys(AUDIT_ACTIONS).toSorted());
    expect(changing.filter(({ audit }) => audit === 'delivery').map(({ path }) => path)).toEqual([
      '/webhooks/github',
    ]);
    for (const { rule, audit } of routes) expect(audit === 'history').toBe(rule === 'worker');
  });

  it('is answered by no other kind of layer but these', () => {
    const others = layers.filter((layer) => layer.route === undefined).map((layer) => layer.name);
    expect(others).toEqual([
      'requestId',
      'accessLog',
      'measured',
      'helmetMiddleware',
      'noStore',
      'authentication',
      'sameOrigin',
      'unknownPath',
      'pageFiles',
      'page',
      'notFound',
      'problem',
    ]);
  });

  it('refuses a stranger with 401', async () => {
    for (const route of routes.filter(({ rule }) => rule === 'admin' || rule === 'worker')) {
      const answer = await call(route);
      expect([route.method, route.path, answer.status]).toEqual([route.method, route.path, 401]);
      const { error } = (await answer.json()) as { error: { code: string; fix: string } };
      expect(error.code).toBe(route.rule === 'worker' ? 'worker_token_wrong' : 'sign_in_needed');
    }
  });

  it('tells a stranger by no other method that it is there', async () => {
    const paths = new Set(routes.filter(({ rule }) => rule === 'admin').map(({ path }) => path));
    for (const path of paths)
      for (const method of ['HEAD', 'OPTIONS', 'PROPFIND']) {
        const answer = await fetch(server.url + path.replace(/:\w+/g, 'x'), { method });
        expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 401, null]);
      }
  });

  it('refuses a token that is not known with 401', async () => {
    for (const route of routes.filter(({ rule }) => rule === 'admin' || rule === 'worker'))
      for (const authorization of [`Bearer ${newToken('admin')}`, 'Bearer x', 'Basic YTpi', 'Bearer '])
        expect((await call(route, { authorization })).status).toBe(401);
    const { error } = (await (
      await fetch(`${server.url}/api/v1/builds`, {
        headers: { authorization: `Bearer ${newToken('admin')}` },
      })
    ).json()) as { error: { code: string; fix: string } };
    expect(error.code).toBe('token_wrong');
    expect(error.fix).toContain('slipway token create');
  });

  it("refuses a worker's token on the API and an admin's token on the worker protocol with 403", async () => {
    const made = await server.api('POST', '/workers/tokens', { name: 'w1' });
    const { token } = (await made.json()) as { token: string };
    for (const route of routes) {
      if (route.rule === 'admin')
        expect((await call(route, { authorization: `Bearer ${token}` })).status).toBe(403);
      if (route.rule === 'worker')
        expect((await call(route, { authorization: `Bearer ${server.adminToken}` })).status).toBe(403);
    }
  });
});

describe('a path that is no route', () => {
  it.each(['/api/v1/none', '/api', '/worker/v1/none', '/API/V1/NONE', '/api/v1/projects/a/b/c/d'])(
    '%s tells a stranger nothing: 401',
    async (target) => expect((await fetch(server.url + target)).status).toBe(401),
  );

  it('is the page for a browser, but below the API and the worker protocol', async () => {
    const browse = (target: string) => fetch(server.url + target, { headers: { accept: 'text/html' } });
    const page = await browse('/builds/some-build');
    expect([page.status, await page.text()]).toEqual([200, PAGE]);
    for (const target of ['/api/v1/none', '/api', '/worker/v1/none', '/API/V1/NONE'])
      expect((await browse(target)).status).toBe(401);
    expect((await browse('/none.js')).status).toBe(404);
  });

  it.each(['GET', 'HEAD'])('is the page at the start for %s, whatever is accepted', async (method) => {
    for (const accept of ['*/*', 'application/json']) {
      const answer = await fetch(server.url, { method, headers: { accept } });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(await answer.text()).toBe(method === 'GET' ? PAGE : '');
    }
  });

  it('is 404 for who is signed in', async () => {
    const answer = await server.api('GET', '/none');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: { message: 'There is no path /api/v1/none.' },
    });
  });

  it('elsewhere is 404', async () => {
    expect((await fetch(`${server.url}/none`)).status).toBe(404);
  });
});
