import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { routesOf } from '../../support/list-routes.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
});
afterAll(() => server.close());

const ask = async (target: string) => {
  const response = await fetch(server.url + target, {
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  return { status: response.status, body: (await response.json()) as { error: Record<string, string> } };
};

it('a key that a list does not take is refused with those that it takes, and what was meant', async () => {
  const { status, body } = await ask('/api/v1/builds?stauts=failed');
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'query_key_unknown',
    message: '/api/v1/builds does not take stauts in its query: it takes before, limit, project.',
    fix: 'In the query, leave it out.',
  });
  expect((await ask('/api/v1/builds?projet=a%2Fb')).body.error['fix']).toBe('In the query, write project.');
  expect((await ask('/api/v1/tokens?limit=5')).body.error['message']).toBe(
    '/api/v1/tokens does not take limit in its query: it takes none.',
  );
});

it('every route of the API refuses a key that none takes, of those who may call it alone', async () => {
  const routes = routesOf(createApp(server.deps)).filter(
    ({ method, path }) => method === 'GET' && path.startsWith('/api/v1/'),
  );
  expect(routes.length).toBeGreaterThan(20);
  for (const { path } of routes) {
    const target = `${path.replace(/:\w+/g, 'x')}?slipwaay=1`;
    expect((await ask(target)).body.error, target).toMatchObject({ code: 'query_key_unknown' });
    expect((await fetch(server.url + target)).status, target).toBe(401);
  }
});

it('what pages and command line ask for is taken', async () => {
  for (const target of [
    '/api/v1/builds?limit=200&project=a%2Fb',
    '/api/v1/deliveries?limit=5',
    '/api/v1/audit?action=token.make&actor=a&subject=b&since=0&until=1&limit=2',
    '/api/v1/environments?project=a%2Fb',
  ])
    expect((await ask(target)).body.error?.['code'], target).not.toBe('query_key_unknown');
});
