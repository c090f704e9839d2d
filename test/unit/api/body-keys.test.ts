import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
});
afterAll(() => server.close());

const ask = async (method: string, target: string, body?: unknown) => {
  const response = await fetch(server.url + target, {
    method,
    headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

it('a field that a request does not take is refused with what was meant, and nothing is done', async () => {
  const { status, body } = await ask('POST', '/api/v1/tokens', { name: 'a', expiresInDay: 3 });
  expect([status, body['error']]).toMatchObject([
    400,
    { code: 'request_wrong', message: 'expiresInDay: is not taken; perhaps expiresInDays is meant.' },
  ]);
  const { items } = (await ask('GET', '/api/v1/tokens')).body as { items: readonly { name: string }[] };
  expect(items.map(({ name }) => name)).not.toContain('a');
  expect(
    (await ask('POST', '/api/v1/lint', { text: 'image: {}', strict: true })).body['error'],
  ).toMatchObject({
    message: 'strict: is not taken; there are text, file, hasDockerfile.',
  });
});
