import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask } from '../../demo/traffic.ts';
import { deliverPush } from '../../demo/deliver-push.ts';
import { followBuild } from '../../demo/follow-build.ts';
import { startInstallation, type Installation } from '../../scripts/installation/start-installation.ts';
import { stopInstallation } from '../../scripts/installation/stop-installation.ts';
import { findProcesses } from '../../src/parts/processes.ts';
import { freePort } from '../../src/parts/registry.ts';
import { routerPid } from '../../src/parts/router.ts';
import { appFiles } from '../support/demo-app.ts';
import { startGitHost, type GitHost } from '../support/git-host.ts';
import { busyboxImage } from '../support/images.ts';
import { expectNothingLeft, takeInventory } from '../support/leftovers.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

let dir: string;
let host: GitHost;
let environment: Record<string, string | undefined>;
const said: string[] = [];
const say = (sentence: string): void => void said.push(sentence);

beforeEach(async () => {
  const { dockerHost, buildNetworks, appNetwork } = testParts();
  await busyboxImage(dockerHost);
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-start-'));
  host = await startGitHost();
  environment = {
    ...nodeEnvironment(),
    HOME: dir,
    DOCKER_HOST: dockerHost,
    SLIPWAY_DATA: dir,
    SLIPWAY_LISTEN: `127.0.0.1:${await freePort()}`,
    SLIPWAY_ROUTER_BIND: `127.0.0.1:${await freePort()}`,
    SLIPWAY_BUILD_NETWORKS: buildNetworks,
    SLIPWAY_APP_NETWORK: appNetwork,
  };
});

afterEach(async () => {
  await stopInstallation(environment, { apps: 'remove', say });
  await host.close();
  await rm(dir, { recursive: true, force: true });
});

it('start and stop: apps serve while all else is down, the router is killed too, and come back after a full stop', async () => {
  const before = await takeInventory(environment['DOCKER_HOST'] ?? '', `slipway.router=${dir}/router`);
  const first = await start();
  await deploy(first);
  expect(await serves(first)).toBe('version 1\n');
  await killRouter(first);
  expect(await serves(first)).toBe('version 1\n');
  const log = path.join(dir, 'worker.log');
  await waitFor('the worker says so', async () =>
    /the router (ended and was started again|is back)/.test(await readFile(log, 'utf8')),
  );

  await first.stop();
  expect(ofOurs('main.ts')).toEqual([]);
  expect(ofOurs('redis-server')).toEqual([]);
  expect(await serves(first)).toBe('version 1\n');

  await killRouter(first);
  expect(await serves(first)).toBe('version 1\n');

  await stopInstallation(environment, { apps: 'stop', say });
  expect(ofOurs('')).toEqual([]);
  await expect(serves(first)).rejects.toThrow('ECONNREFUSED');

  const tokenFile = path.join(dir, 'admin-token');
  await writeFile(tokenFile, 'a token that was revoked\n');
  await expect(start()).rejects.toMatchObject({ code: 'token_file_wrong', details: { file: tokenFile } });
  expect(ofOurs('main.ts')).toEqual([]);
  await writeFile(tokenFile, '');

  const second = await start();
  expect(await serves(second)).toBe('version 1\n');
  expect(said).toContain('started one app again');
  const { items } = await second.api.ask<{ items: unknown[] }>('GET', '/builds');
  expect(items).toHaveLength(1);
  await second.stop();
  await stopInstallation(environment, { apps: 'remove', say });
  await expectNothingLeft(before, `slipway.router=${dir}/router`);
});

it.each(['SLIPWAY_LISTEN', 'SLIPWAY_ROUTER_BIND'])(
  'says which address is taken, and starts nothing: %s',
  async (setting) => {
    const address = environment[setting] ?? '';
    const [taken = '', port = ''] = address.split(':');
    const other = net.createServer().listen(Number(port), taken);
    await once(other, 'listening');
    try {
      await expect(start()).rejects.toMatchObject({ code: 'address_taken', details: { address, setting } });
      expect(ofOurs('')).toEqual([]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  },
);

it('keeps what it writes to itself, also in a folder that others may enter', async () => {
  await chmod(dir, 0o755);
  const installation = await start();
  const open: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const { mode } = await stat(path.join(dir, entry.name));
    if ((mode & 0o077) !== 0) open.push(`${entry.name} ${(mode & 0o777).toString(8)}`);
  }
  await installation.stop();
  expect(open).toEqual([]);
});

const start = (): Promise<Installation> => startInstallation({ environment, life: 'own', say });

async function deploy({ api, webhookSecret }: Installation): Promise<void> {
  const repository = host.create('shop/web');
  const commit = repository.commit(appFiles('1'), 'begin');
  await api.ask('POST', '/projects', { cloneUrl: repository.cloneUrl });
  const push = { repository: 'shop/web', cloneUrl: repository.cloneUrl, message: 'begin', changed: [] };
  expect((await deliverPush(api.url, webhookSecret, { ...push, commit, before: null })).status).toBe(202);
  const build = await followBuild(api, commit, () => undefined);
  expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
}

async function serves(installation: Installation): Promise<string> {
  return (await ask(installation.routerUrl, 'app.example.com', { path: '/' })).text;
}

/** With -9; returns when another one answers. */
async function killRouter({ routerDir }: Installation): Promise<void> {
  const pid = await routerPid(routerDir);
  process.kill(pid ?? 0, 'SIGKILL');
  await waitFor('another router', async () => ![pid, null].includes(await routerPid(routerDir)));
}

/** Processes that name our folder and this program on their command line. */
const ofOurs = (program: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(dir) && text.includes(program));
