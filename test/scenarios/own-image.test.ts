import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isEnd } from '../../src/core/status.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { dockerClient } from '../../src/parts/docker.ts';
import { freePort } from '../router/support/router-under-test.ts';
import { endOf, push } from '../support/builds.ts';
import type { HostedRepository } from '../support/git-host.ts';
import { baseImage, busyboxImage, dockerImage, nodeOnDebianImage, redisImage } from '../support/images.ts';
import { testParts } from '../support/parts.ts';
import type { System } from '../support/system.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { builtImage, LOCAL_ARGUMENTS } from './support/own-image.ts';
import { logOf } from './support/read-build.ts';
import { startWorld, type World } from './support/world.ts';

/*
 * `npm run self`: Slipway makes its own image, and a server and a worker of that image run a build. It takes minutes, so
 * `npm test` leaves it out. SLIPWAY_SELF=whole pushes this repository as it is committed, with its own slipway.yml;
 * SLIPWAY_SELF=prepared makes the image's packages and `dist/` here and has them taken by COPY, without npm, the build of the
 * pages and the unit tests.
 */
const FORM = process.env['SLIPWAY_SELF'] ?? '';
const IS_WHOLE = FORM === 'whole';
const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

let world: World;
let place: string;
/** What stands in for Node's official image. */
let nodeImage: string;
const made: { containers: string[]; images: string[]; volumes: string[] } = {
  containers: [],
  images: [],
  volumes: [],
};
const engine = () => testParts().dockerHost;
const docker = async (...args: string[]): Promise<string> =>
  (await run(dockerClient(), ['--host', engine(), ...args], { maxBuffer: 2 ** 24 })).stdout.trim();

beforeAll(async () => {
  if (FORM === '') return;
  place = await mkdtemp(path.join(tmpdir(), 'slipway-own-'));
  nodeImage = await (IS_WHOLE ? nodeOnDebianImage : baseImage)(engine());
  await Promise.all([dockerImage(engine()), redisImage(engine())]);
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  world = await startWorld({ env: authorities === undefined ? {} : { SLIPWAY_CA_BUNDLE: authorities } });
}, 600_000);
afterAll(async () => {
  if (FORM === '') return;
  for (const name of made.containers) await docker('rm', '--force', '--volumes', name).catch(() => '');
  for (const name of made.volumes) await docker('volume', 'rm', name).catch(() => '');
  await world?.stop();
  for (const name of made.images) await docker('rmi', '--force', name).catch(() => '');
  await rm(place, { recursive: true, force: true });
}, 300_000);

it.runIf(FORM !== '')(
  'is made by Slipway, and its server and worker run a build',
  async () => {
    const { system } = world;
    const repository = await world.addProject('slipway/slipway', { 'README.md': 'to come\n' });
    const files = IS_WHOLE ? await wholeRepository(repository) : await preparedRepository();
    const build = await endOf(system, await push(system, repository, files), 2_400_000);
    expect(build.status, `${explain(build)}\n${await logsOf(system, build)}`).toBe('success');
    const image = `${system.registry.host}/slipway/slipway:main`;
    made.images.push(image);
    await docker('pull', '--quiet', image);
    await endWorker(system);

    const { url, token } = await startServer(image);
    const api = async <T>(method: string, target: string, body?: unknown): Promise<T> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const answer = await fetch(`${url}/api/v1${target}`, init);
      if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as T;
    };
    const worker = await docker(
      'exec',
      'slipway-own-server',
      'slipway',
      'worker',
      'add',
      'own',
      ...WHERE(url, token),
    );
    await startWorker(image, url, (JSON.parse(worker) as { token: string }).token);

    const small = world.host.create('shop/web');
    small.commit({
      'slipway.yml': `steps:\n  - { name: hello, image: "${await busyboxImage(engine())}", commands: [echo made by its own] }\n`,
    });
    const { id } = await api<{ id: string }>('POST', '/projects', { cloneUrl: small.cloneUrl });
    const { id: buildId } = await api<{ id: string }>('POST', `/projects/${id}/builds`, { branch: 'main' });
    const inside = await waitFor(
      'the build in the worker of the image has ended',
      async () => {
        const one = await api<BuildView>('GET', `/builds/${buildId}`);
        return isEnd(one.status) && one;
      },
      300_000,
    );
    expect(inside.status, explain(inside)).toBe('success');

    for (const name of ['slipway-own-worker', 'slipway-own-server']) {
      await docker('stop', '--time', '30', name);
      expect(await docker('inspect', '--format', '{{.State.ExitCode}}', name), `${name} ends in order`).toBe(
        '0',
      );
    }
    expect(await docker('run', '--rm', image, '--help')).toContain('Usage: slipway <command>');
    expect(await docker('run', '--rm', image, 'sh', '-c', 'id -u')).toBe('1000');
  },
  3_000_000,
);

/** What its steps have said, for the message of a failure. */
async function logsOf(system: System, build: BuildView): Promise<string> {
  const failed = build.workflows.flatMap(({ steps }) => steps).filter(({ status }) => status === 'failure');
  return (await Promise.all(failed.map(({ name }) => logOf(system, build, name)))).join('\n').slice(-4_000);
}

/** Two workers in the same ranges of addresses would be in one another's way. */
async function endWorker({ worker }: System): Promise<void> {
  if (worker === null) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await gone;
}

const WHERE = (url: string, token: string) => ['--json', '--server', url, '--token', token];

/** This commit, its own slipway.yml with local images in the place of those that would be pulled. */
async function wholeRepository(repository: HostedRepository): Promise<Record<string, string>> {
  const top = repository.git('rev-parse', '--show-toplevel').trim();
  const archive = path.join(place, 'head.tar');
  await run('git', ['-C', ROOT, 'archive', '--output', archive, 'HEAD']);
  await run('tar', ['-C', top, '-xf', archive]);
  repository.git('add', '--all');
  const text = await readFile(path.join(ROOT, 'slipway.yml'), 'utf8');
  return {
    'slipway.yml': text
      .replace(/node:24\S+/, nodeImage)
      .replace(/docker:\d\S+/, LOCAL_ARGUMENTS.DOCKER_IMAGE),
  };
}

/** A repository with the Dockerfile, and an image with what its stage "build" would make. */
async function preparedRepository(): Promise<Record<string, string>> {
  const args = { ...LOCAL_ARGUMENTS, BUILT: await builtImage(engine(), place) };
  made.images.push(args.BUILT);
  const file = `image: { target: runtime, args: ${JSON.stringify(args)} }
steps:
  - { name: package, commands: [slipway --help, 'slipway lint "$CI_WORKSPACE/slipway.yml"'] }
push: { repository: slipway/slipway, tags: ["\${CI_COMMIT_BRANCH_SLUG}"] }
`;
  return { 'slipway.yml': file, Dockerfile: await readFile(path.join(ROOT, 'Dockerfile'), 'utf8') };
}

/** A server of the image, with a Redis of its own; it asks nobody and listens on the loopback. */
async function startServer(image: string): Promise<{ url: string; token: string }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  await start('slipway-own-redis', ['slipway-test/redis:7']);
  const network = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  redisUrl = `redis://${await docker('inspect', '--format', network, 'slipway-own-redis')}:6379`;
  await start('slipway-own-server', [
    ...volume('slipway-own-data', '/var/lib/slipway'),
    ...['--network', 'host', '--env', `SLIPWAY_URL=${url}`, '--env', `SLIPWAY_LISTEN=${new URL(url).host}`],
    ...['--env', `REDIS_URL=${redisUrl}`, '--init=false', image, 'server'],
  ]);
  await waitFor('the server of the image answers', async () => (await fetch(`${url}/healthz`)).ok, 120_000);
  expect(await (await fetch(url)).text(), 'the pages').toContain('<script type="module"');
  await docker('exec', 'slipway-own-server', '/slipway/packaging/container.sh', 'health');
  return { url, token: await docker('exec', 'slipway-own-server', 'cat', '/var/lib/slipway/admin-token') };
}

let redisUrl = '';

async function startWorker(image: string, url: string, token: string): Promise<void> {
  const socket = new URL(engine()).pathname;
  const { buildNetworks, appNetwork } = testParts();
  await start('slipway-own-worker', [
    ...volume('slipway-own-worker', '/var/lib/slipway'),
    ...['--network', 'host', '--volume', `${socket}:/var/run/docker.sock`],
    ...['--group-add', String(statSync(socket).gid), '--env', `REDIS_URL=${redisUrl}`],
    ...['--env', `SLIPWAY_SERVER_URL=${url}`, '--env', `SLIPWAY_WORKER_TOKEN=${token}`],
    ...['--env', 'SLIPWAY_WORKER_NAME=own', '--env', `SLIPWAY_BUILD_NETWORKS=${buildNetworks}`],
    ...['--env', `SLIPWAY_APP_NETWORK=${appNetwork}`, image, 'worker'],
  ]);
}

async function start(name: string, args: readonly string[]): Promise<void> {
  made.containers.unshift(name);
  await docker('run', '--detach', '--name', name, ...args);
}

function volume(name: string, at: string): readonly string[] {
  made.volumes.push(name);
  return ['--volume', `${name}:${at}`];
}
