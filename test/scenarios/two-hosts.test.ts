import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { endOf, push } from '../support/builds.ts';
import { canMakeHosts, OwnHost, redisUser } from '../support/own-host.ts';
import { testNetwork } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
let east: OwnHost;
let west: OwnHost;

describe.runIf(canMakeHosts())('workers on other hosts', () => {
  /** Two machines besides the server's, each a network namespace with an engine and a worker. */
  beforeAll(async () => {
    world = await startWorld({ worker: false });
    const at = (last: number) => testNetwork(90).replace('.0/24', `.${last}`);
    const { system } = world;
    const host = (name: string, first: number): OwnHost =>
      new OwnHost({
        ...{ name, system, dir: path.join(system.dir, name) },
        link: { server: at(first), host: at(first + 1) },
      });
    east = host('east', 1);
    west = host('west', 5);
    await Promise.all([east.start({ side: 'east' }), west.start({ side: 'west' })]);
  });
  afterAll(async () => {
    await Promise.all([east?.stop(), west?.stop()]);
    await world?.stop();
  });

  describe('workers on hosts of their own', () => {
    it('run builds there, each those that ask for its labels, with a Redis user of its own', async () => {
      const builds = await Promise.all(
        ['east', 'west'].map((side) => begin(`hosts/${side}`, { labels: { side }, commands: ['hostname'] })),
      );
      const ended = await Promise.all(builds.map((id) => endOf(world.system, id)));
      for (const build of ended) expect(build.status, explain(build)).toBe('success');
      expect(ended.map(workerOf)).toEqual(['east', 'west']);
      for (const { id } of await workers())
        expect(await redisUser(world.system, `slipway-${id}`)).toEqual(expect.anything());
      const nowhere = await begin('hosts/north', { labels: { side: 'north' }, commands: ['true'] });
      const waiting = await untilBuild(world.system, nowhere, 'waits', ({ waiting }) => waiting !== null);
      expect(waiting.waiting?.why).toBe('no connected worker has the label side=north');
      await world.system.api('POST', `/builds/${nowhere}/cancel`);
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
});

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

const workerOf = ({ workflows }: BuildView): string | null => workflows[0]?.workerName ?? null;
