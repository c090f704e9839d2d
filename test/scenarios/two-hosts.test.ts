import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../src/protocol/worker.ts';
import { QUEUE_PREFIX } from '../../src/queue/bullmq-queue.ts';
import { endOf, push } from '../support/builds.ts';
import { askRedis, canMakeHosts, OwnHost, usersConnected } from '../support/own-host.ts';
import { testNetwork, testParts } from '../support/parts.ts';
import { askRouter } from '../support/system.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { logOf } from './support/read-build.ts';
import { digestOf } from './support/registry.ts';
import { untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
let east: OwnHost;
let west: OwnHost;

describe.runIf(canMakeHosts())('workers on other hosts', () => {
  /** Two machines besides the server's, each a network namespace with an engine and a worker, one with the router too. */
  beforeAll(async () => {
    const router = { name: 'east', appNetwork: testParts().appNetwork };
    world = await startWorld({ worker: false, env: { SLIPWAY_ROUTER_NAME: router.name } });
    const at = (last: number) => testNetwork(90).replace('.0/24', `.${last}`);
    const { system } = world;
    const host = (name: string, first: number) => ({
      ...{ name, system, dir: path.join(system.dir, name) },
      link: { server: at(first), host: at(first + 1) },
      bridge: `${at(129)}/25`,
    });
    east = new OwnHost({ ...host('east', 1), router });
    west = new OwnHost(host('west', 5));
    await Promise.all([east.start({ side: 'east' }), west.start({ side: 'west' })]);
  });
  afterAll(async () => {
    await Promise.all([east?.stop(), west?.stop()]);
    await world?.stop();
  });

  describe('workers on hosts of their own', () => {
    it('run builds there, each those that ask for its labels', async () => {
      const builds = await Promise.all(
        ['east', 'west'].map((side) => begin(`hosts/${side}`, { labels: { side }, commands: ['hostname'] })),
      );
      const ended = await Promise.all(builds.map((id) => endOf(world.system, id)));
      for (const build of ended) expect(build.status, explain(build)).toBe('success');
      expect(ended.map(workerOf)).toEqual(['east', 'west']);
      const nowhere = await begin('hosts/north', { labels: { side: 'north' }, commands: ['true'] });
      const waiting = await untilBuild(world.system, nowhere, 'waits', ({ waiting }) => waiting !== null);
      expect(waiting.waiting?.why).toBe('no connected worker has the label side=north');
      await world.system.api('POST', `/builds/${nowhere}/cancel`);
    });

    it('are in Redis as users of their own, with all of their connections', async () => {
      for (const host of [east, west]) {
        const user = `slipway-${(await viewOf(host)).id}`;
        const own = async (): Promise<number> =>
          (await usersConnected(world.system)).filter((one) => one === user).length;
        await expect.poll(async () => (await host.redisConnections()) - (await own())).toBe(0);
        expect(await own()).toBeGreaterThan(0);
      }
    });

    it('hand artifacts on, by way of the server: what one has built the other has in its workspace', async () => {
      const repository = await world.addProject('hosts/passing', {
        '.slipway/build.yml': JSON.stringify({
          labels: { side: 'east' },
          steps: [
            {
              ...{
                name: 'make',
                image: 'slipway-test/busybox:1',
                commands: 'mkdir dist && hostname > dist/by',
              },
              artifacts: { paths: ['dist'], name: 'site' },
            },
          ],
        }),
        '.slipway/test.yml': JSON.stringify({
          ...{ labels: { side: 'west' }, depends_on: 'build', artifacts: { from: 'build', path: 'in' } },
          steps: [{ name: 'use', image: 'slipway-test/busybox:1', commands: 'test -s in/dist/by' }],
        }),
      });
      const build = await endOf(world.system, await push(world.system, repository, {}));
      expect(build.status, explain(build)).toBe('success');
      expect(build.workflows.map(({ workerName }) => workerName)).toEqual(['east', 'west']);
    });

    it('take nothing while they drain; their builds go to the other', async () => {
      await drain(east);
      const [one, two] = [await begin('hosts/drain-1', QUICK), await begin('hosts/drain-2', QUICK)];
      const ended = [await endOf(world.system, one), await endOf(world.system, two)];
      expect(ended.map(workerOf)).toEqual(['west', 'west']);
      await drain(west);
      const three = await begin('hosts/drain-3', QUICK);
      const why = (build: BuildView): boolean => build.waiting?.why === 'all 2 workers drain';
      await untilBuild(world.system, three, 'waits for a worker that does not drain', why);
      await drain(east, 'undrain');
      expect(workerOf(await endOf(world.system, three))).toBe('east');
      await drain(west, 'undrain');
    });
  });

  describe('a host that is cut off', () => {
    it('loses what it runs: a step that had begun is not repeated, what had not begun moves; it comes back clean', async () => {
      await drain(west);
      const begun = await begin('hosts/begun', { commands: COUNT });
      await untilSaid(world.system, begun, 'work', 'second 1');
      const preparing = await begin('hosts/preparing', { ...QUICK, ...SLOW_SERVICE });
      await untilBuild(world.system, preparing, 'runs on east', (build) => build.status === 'running');
      await sleep(2_000);
      await drain(west, 'undrain');
      await east.setLink('down');
      const lost = await endOf(world.system, begun, 90_000);
      expect(lost).toMatchObject({ status: 'error', reason: 'worker lost (no heartbeat)' });
      const moved = await endOf(world.system, preparing, 60_000);
      expect(moved.status, explain(moved)).toBe('success');
      expect(workerOf(moved)).toBe('west');
      expect(moved.workflows.map(({ attempt }) => attempt)).toEqual([2]);
      expect((await workers()).map(({ name, connected }) => [name, connected])).toEqual([
        ['east', false],
        ['west', true],
      ]);
      await east.setLink('up');
      await waitFor('east is clean again', async () => (await east.containers()).length === 0, 60_000);
      const after = await begin('hosts/after', { labels: { side: 'east' }, commands: ['true'] });
      expect((await endOf(world.system, after)).status).toBe('success');
      expect((await world.system.api<BuildView>('GET', `/builds/${begun}`)).status).toBe('error');
    }, 200_000);
  });

  describe('a host with a router', () => {
    it('builds the image, runs its steps in it, pushes it, and deploys it behind its own router', async () => {
      const repository = await world.addProject('hosts/app', {
        ...appOf('east'),
        'slipway.yml': JSON.stringify({
          ...appPlan('east'),
          deploy: { environment: 'production', port: 80, host: 'app.example.com' },
        }),
      });
      const build = await endOf(world.system, await push(world.system, repository, {}), 90_000);
      await expectImage(build, 'east');
      const [deployment] = build.deployments;
      expect(deployment, explain(build)).toMatchObject({
        ...{ environment: 'production', status: 'success' },
        digest: build.pushed?.digest,
      });
      expect(await askRouter(east.routerUrl, 'app.example.com')).toEqual({
        status: 200,
        text: 'built on east\n',
      });
      // The app, and nothing of the build.
      await expect.poll(() => east.containers(), { timeout: 15_000 }).toHaveLength(1);
    });
  });

  describe('a worker that is told to end', () => {
    it('gives its builds back within seconds, and leaves nothing of them on its engine', async () => {
      await drain(east);
      const begun = await begin('hosts/told', { commands: COUNT });
      await untilSaid(world.system, begun, 'work', 'second 1');
      const preparing = await begin('hosts/told-early', { ...QUICK, ...SLOW_SERVICE });
      await untilBuild(world.system, preparing, 'runs on west', (build) => build.status === 'running');
      await sleep(2_000);
      await drain(east, 'undrain');
      const toldAt = performance.now();
      await west.endWorker('SIGTERM');
      const lost = await endOf(world.system, begun);
      expect(lost).toMatchObject({ status: 'error', reason: 'worker lost (its worker was stopped)' });
      await untilBuild(
        world.system,
        preparing,
        'runs on east',
        (build) => build.status === 'running' && workerOf(build) === 'east',
      );
      // A lease runs out after 15 s; this one was given back.
      expect(performance.now() - toldAt).toBeLessThan(10_000);
      expect((await endOf(world.system, preparing)).status).toBe('success');
      expect(await west.containers()).toEqual([]);
      await west.startWorker();
    });

    it('and one that is killed is noticed when its lease has run out', async () => {
      const begun = await begin('hosts/killed', { labels: { side: 'west' }, commands: COUNT });
      await untilSaid(world.system, begun, 'work', 'second 1');
      await west.endWorker('SIGKILL');
      expect(await endOf(world.system, begun, 90_000)).toMatchObject({
        status: 'error',
        reason: 'worker lost (no heartbeat)',
      });
    });
  });

  describe('the login at Redis that a worker is given', () => {
    it('is refused what is of another worker', async () => {
      await west.endWorker('SIGTERM');
      const { queue, login } = await west.queueLogin();
      if (login === null) throw new Error('the server gives no logins');
      const key = (name: string): string => `${QUEUE_PREFIX}:${name}:meta`;
      const other = key(`worker-${(await viewOf(east)).id}`);
      const before = await askRedis(world.system, ['HGETALL', other]);
      expect(before).not.toEqual([]);
      expect(await askRedis(world.system, ['HGETALL', key(queue)], login)).not.toEqual([]);
      for (const words of [['HGETALL', other] as const, ['DEL', other] as const])
        await expect(askRedis(world.system, words, login), words.join(' ')).rejects.toThrow('NOPERM');
      await expect(askRedis(world.system, ['KEYS', '*'], login)).rejects.toThrow('NOPERM');
      expect(await askRedis(world.system, ['HGETALL', other])).toEqual(before);
    });
  });

  describe('a worker with room for one', () => {
    it('takes a second build for its labels when the first has ended; until then that is why it waits', async () => {
      await west.endWorker('SIGTERM');
      await west.startWorker({ capacity: 1 });
      const first = await begin('hosts/first', { labels: { side: 'west' }, commands: COUNT });
      await untilSaid(world.system, first, 'work', 'second 1');
      const second = await begin('hosts/second', { ...QUICK, labels: { side: 'west' } });
      const waiting = await untilBuild(world.system, second, 'waits', ({ waiting }) => waiting !== null);
      expect(waiting).toMatchObject({
        status: 'pending',
        waiting: { why: 'the only place on workers with side=west is taken' },
      });
      // The other host has room, and takes what asks for no label.
      expect(workerOf(await endOf(world.system, await begin('hosts/beside', QUICK)))).toBe('east');
      await world.system.api('POST', `/builds/${first}/cancel`);
      const [one, two] = [await endOf(world.system, first), await endOf(world.system, second)];
      expect([one.status, two.status], explain(two)).toEqual(['cancelled', 'success']);
      expect(workerOf(two)).toBe('west');
      expect(two.startedAtMs ?? 0).toBeGreaterThanOrEqual(one.finishedAtMs ?? Infinity);
    });
  });

  describe('a worker that is one version of the protocol behind', () => {
    it('builds, tests and pushes beside one of this version', async () => {
      await west.endWorker('SIGTERM');
      await west.startWorker({ speaksOlder: true });
      // What version 1 does not know is not said: it has all labels of its token.
      expect(await viewOf(west)).toMatchObject({
        ...{ connected: true, protocol: OLDEST_PROTOCOL, program: null },
        labels: { side: 'west' },
      });
      expect(await viewOf(east)).toMatchObject({ connected: true, protocol: PROTOCOL_VERSION });
      const repository = await world.addProject('hosts/older', {
        ...appOf('west'),
        'slipway.yml': JSON.stringify(appPlan('west')),
      });
      const build = await endOf(world.system, await push(world.system, repository, {}), 90_000);
      await expectImage(build, 'west');
    });
  });
});

/** An image that serves a page, which says where it was built. */
const appOf = (side: string): Readonly<Record<string, string>> => ({
  Dockerfile: [
    'FROM slipway-test/busybox:1',
    `RUN mkdir /www && echo built on ${side} > /www/index.html`,
    'CMD ["httpd", "-f", "-p", "80", "-h", "/www"]',
  ].join('\n'),
});

const appPlan = (side: string) => ({
  labels: { side },
  image: {},
  steps: [{ name: 'look', commands: ['cat /www/index.html'] }],
  push: { tags: ['tested'] },
});

/** Holds that a build of {@link appPlan} has built there, looked into its image, pushed it, and knows by what digest. */
async function expectImage(build: BuildView, side: string): Promise<void> {
  const { registryUrl } = world.system;
  expect(build.status, explain(build)).toBe('success');
  expect(workerOf(build)).toBe(side);
  expect(await logOf(world.system, build, 'look')).toContain(`built on ${side}`);
  const digest = await digestOf(registryUrl, build.projectPath, 'tested');
  expect(digest).toMatch(/^sha256:/);
  expect(build.pushed).toMatchObject({ digest, tags: ['tested'] });
}

const COUNT = 'i=0; while [ $i -lt 120 ]; do echo "second $i"; i=$((i+1)); sleep 1; done';
const QUICK = { commands: ['true'] };
/** Steps wait for it: until then nothing has begun that must not be repeated. */
const SLOW_SERVICE = {
  services: {
    late: {
      image: 'slipway-test/busybox:1',
      commands: 'sleep 300',
      ready: { command: 'sleep 12', timeout: '60s' },
    },
  },
};

interface Wanted {
  readonly labels?: Readonly<Record<string, string>>;
  readonly services?: object;
  readonly commands: string | readonly string[];
}

/** Begins a build of one step, `work`. */
async function begin(name: string, { commands, ...more }: Wanted): Promise<string> {
  const file = { ...more, steps: [{ name: 'work', image: 'slipway-test/busybox:1', commands }] };
  const repository = await world.addProject(name, { 'slipway.yml': JSON.stringify(file) });
  return push(world.system, repository, {});
}

function drain({ name }: OwnHost, verb: 'drain' | 'undrain' = 'drain'): Promise<unknown> {
  return world.system.api('POST', `/workers/${name}/${verb}`);
}

const workers = async (): Promise<readonly WorkerView[]> =>
  (await world.system.api<Page<WorkerView>>('GET', '/workers')).items;

async function viewOf({ name }: OwnHost): Promise<WorkerView> {
  const found = (await workers()).find((worker) => worker.name === name);
  if (found === undefined) throw new Error(`the server knows no ${name}`);
  return found;
}

const workerOf = ({ workflows }: BuildView): string | null => workflows[0]?.workerName ?? null;
