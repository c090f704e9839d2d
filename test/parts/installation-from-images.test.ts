import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deliverPush } from '../../demo/deliver-push.ts';
import { followBuild } from '../../demo/follow-build.ts';
import { ask } from '../../demo/traffic.ts';
import { connectApi } from '../../scripts/installation/api.ts';
import { stopInstallation } from '../../scripts/installation/stop-installation.ts';
import { PART_LABELS } from '../../src/parts/container.ts';
import { findBinaries } from '../../src/parts/find-binary.ts';
import { findProcesses } from '../../src/parts/processes.ts';
import { freePort } from '../../src/parts/registry.ts';
import { routerPid } from '../../src/parts/router.ts';
import { appFiles } from '../support/demo-app.ts';
import { startGitHost, type GitHost } from '../support/git-host.ts';
import { busyboxImage, haproxyImage, redisImage, registryImage } from '../support/images.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
const PROGRAMS = ['redis-server', 'valkey-server', 'docker-registry', 'registry', 'haproxy', 'busybox'];
let dir: string;
let host: GitHost;
let mirrored: string;
let environment: Record<string, string>;
let installation: ChildProcess | null = null;

beforeEach(async () => {
  const { dockerHost, registryHost, buildNetworks, appNetwork } = testParts();
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-images-'));
  host = await startGitHost();
  mirrored = `${registryHost}/mirror/redis:7`;
  await docker('tag', await redisImage(dockerHost), mirrored);
  await docker('push', '--quiet', mirrored);
  await docker('rmi', mirrored);
  environment = {
    ...nodeEnvironment(),
    HOME: dir,
    DOCKER_HOST: dockerHost,
    SLIPWAY_DATA: dir,
    SLIPWAY_INSTALL: '0',
    SLIPWAY_REDIS_IMAGE: mirrored,
    SLIPWAY_REGISTRY_IMAGE: await registryImage(dockerHost),
    SLIPWAY_HAPROXY_IMAGE: await haproxyImage(dockerHost),
    SLIPWAY_BUSYBOX_IMAGE: await busyboxImage(dockerHost),
    SLIPWAY_LISTEN: `127.0.0.1:${await freePort()}`,
    SLIPWAY_ROUTER_BIND: `127.0.0.1:${await freePort()}`,
    SLIPWAY_BUILD_NETWORKS: buildNetworks,
    SLIPWAY_APP_NETWORK: appNetwork,
  };
});

afterEach(async () => {
  installation?.kill('SIGKILL');
  await waitFor('server, worker and Redis are gone', () => ofOurs('supervise.ts').length === 0, 30_000);
  await stopInstallation(environment, { apps: 'remove', say: () => undefined });
  await docker('rmi', mirrored).catch(() => undefined);
  await host.close();
  await rm(dir, { recursive: true, force: true });
});

it('without Redis, registry, HAProxy and busybox on the machine, images bring a commit to its users', async () => {
  const started = await startWithoutPrograms();
  expect(started.said).toEqual([
    `pulling ${mirrored}`,
    `started Redis from the image ${mirrored}`,
    'started a registry from the image slipway-test/registry:2',
    'started the router from the image slipway-test/haproxy:2',
    'started the server',
    'started a worker',
  ]);
  expect((await partsInContainers()).sort()).toEqual(['haproxy', 'redis', 'registry']);
  await deploy(started);
  expect(await serves(started)).toBe('version 1\n');

  installation?.kill('SIGKILL');
  await waitFor('Redis is gone', async () => !(await partsInContainers()).includes('redis'), 30_000);
  expect(await serves(started)).toBe('version 1\n');
  const killed = await routerPid(started.routerDir);
  process.kill(killed ?? 0, 'SIGKILL');
  await waitFor('another router', async () => ![null, killed].includes(await routerPid(started.routerDir)));
  expect(await serves(started)).toBe('version 1\n');

  await waitFor('server and worker are gone', () => ofOurs('supervise.ts').length === 0, 30_000);
  const said: string[] = [];
  await stopInstallation(environment, { apps: 'remove', say: (sentence) => said.push(sentence) });
  expect(said).toEqual(['ended the router', 'ended one app', 'ended the registry']);
  expect(await partsInContainers()).toEqual([]);
  await waitFor('no process is left', () => ofOurs('').length === 0);
});

it('where an image cannot be had, the command that brings the programs is told, and nothing runs', async () => {
  environment['SLIPWAY_REGISTRY_IMAGE'] = `${testParts().registryHost}/mirror/nothing:1`;
  const { said, problem, fix } = await startWithoutPrograms();
  expect(said[0]).toBe(`pulling ${mirrored}`);
  expect(said[2]).toMatch(/^\S+\/mirror\/nothing:1 cannot be pulled: .*not found/);
  expect(problem).toBe('redis-server, docker-registry, haproxy, a static busybox is not on this machine.');
  expect(fix).toMatch(/^Run: .*apt-get install .*redis-server docker-registry haproxy busybox-static$/);
  expect(await partsInContainers()).toEqual([]);
});

interface Started {
  readonly said: readonly string[];
  readonly problem?: string;
  readonly fix?: string;
  readonly url: string;
  readonly routerUrl: string;
  readonly routerDir: string;
  readonly webhookSecret: string;
  readonly adminTokenFile: string;
}

/** Starts one where the programs are no programs: in a mount namespace of its own, something else lies over them. */
async function startWithoutPrograms(): Promise<Started> {
  const cover = path.join(dir, 'no-program');
  await writeFile(cover, '', { mode: 0o600 });
  const hidden = PROGRAMS.flatMap((name) => findBinaries(name));
  const script =
    'cover=$1; shift; while [ "$1" != -- ]; do mount --bind "$cover" "$1"; shift; done; shift; exec "$@"';
  const file = path.join(import.meta.dirname, 'installation-process.ts');
  const child = spawn(
    'unshare',
    [
      ...['--mount', 'sh', '-ec', script, 'sh', cover, ...hidden, '--'],
      ...[process.execPath, file, JSON.stringify(environment)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  installation = child;
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<string[]>;
  const [text] = await Promise.race([line, once(child, 'exit').then(() => ['{}'])]);
  return JSON.parse(text ?? '{}') as Started;
}

async function deploy({ url, webhookSecret, adminTokenFile }: Started): Promise<void> {
  const api = connectApi(url, (await readFile(adminTokenFile, 'utf8')).trim());
  const repository = host.create('shop/web');
  const commit = repository.commit(appFiles('1'), 'begin');
  await api.ask('POST', '/projects', { cloneUrl: repository.cloneUrl });
  const push = { repository: 'shop/web', cloneUrl: repository.cloneUrl, message: 'begin', changed: [] };
  expect((await deliverPush(url, webhookSecret, { ...push, commit, before: null })).status).toBe(202);
  const build = await followBuild(api, commit, () => undefined);
  expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
}

async function serves({ routerUrl }: Started): Promise<string> {
  return (await ask(routerUrl, 'app.example.com', { path: '/' })).text;
}

/** Names of the parts that have a container for a folder of ours. */
async function partsInContainers(): Promise<string[]> {
  const format = `{{.Label "${PART_LABELS.part}"}} {{.Label "${PART_LABELS.folder}"}}`;
  const lines = (await docker('ps', '--all', '--format', format)).trim().split('\n');
  return lines.filter((line) => line.includes(` ${dir}/`)).map((line) => line.split(' ')[0] ?? '');
}

async function docker(...args: string[]): Promise<string> {
  const env = { ...process.env, DOCKER_HOST: testParts().dockerHost };
  return (await run('docker', args, { env })).stdout;
}

/** Processes that name our folder and this program on their command line. */
const ofOurs = (program: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(dir) && text.includes(program));
