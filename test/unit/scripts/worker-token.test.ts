import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectApi, type Api } from '../../../scripts/installation/api.ts';
import { workerToken } from '../../../scripts/installation/worker-token.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let dataDir: string;
let server: TestServer;
let api: Api;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-token-'));
  server = await startTestServer({ intake: false });
  api = connectApi(server.url, server.adminToken);
});
afterEach(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

const worker = { name: 'local-1', router: 'local' };

it('is made once, for the router of this machine, and kept for this user alone', async () => {
  const token = await workerToken(dataDir, worker, api);
  const file = path.join(dataDir, 'worker-token');
  expect(await readFile(file, 'utf8')).toBe(`${token}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await workerToken(dataDir, worker, api)).toBe(token);
  const { items } = await api.ask<{ items: object[] }>('GET', '/workers');
  expect(items).toMatchObject([{ name: 'local-1', tokenRouters: ['local'] }]);
});

it('is made again when the router got another name, and when the server does not know the worker', async () => {
  const first = await workerToken(dataDir, worker, api);
  const second = await workerToken(dataDir, { ...worker, router: 'edge' }, api);
  expect(second).not.toBe(first);
  await server.deps.store.transaction((tx) => tx.db.deleteFrom('worker').execute());
  expect(await workerToken(dataDir, { ...worker, router: 'edge' }, api)).not.toBe(second);
});
