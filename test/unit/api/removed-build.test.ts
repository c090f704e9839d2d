import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ intake: false });
});
afterEach(() => server.close());

it('answers 404 and why for a build that was removed, and for its logs', async () => {
  const attempt = newId('att');
  for (const path of [`/builds/${newId('bld')}`, `/logs/${attempt}`, `/logs/${attempt}/raw`]) {
    const answer = await server.api('GET', path);
    expect(answer.status).toBe(404);
    const { error } = (await answer.json()) as { error: { code: string; fix: string } };
    expect(error.code).toBe('not_found');
    expect(error.fix).toContain('removed by retention');
  }
});

it('reads a log that has files, whatever the record says of it', async () => {
  const id = newId('dep');
  await server.deps.logs.append([{ logId: id, offset: 0, segments: [], bytes: Buffer.alloc(0), end: true }]);
  expect((await server.api('GET', `/logs/${id}`)).status).toBe(200);
});
