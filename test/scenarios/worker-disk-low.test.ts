import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { makeDisk, mayMakeDisks } from '../experiments/path/disk.ts';
import { push } from '../support/builds.ts';
import { waitFor } from '../support/wait.ts';
import { beginCounting, counting, expectWhole } from './support/counting-build.ts';
import { untilBuild } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const MIB = 1024 ** 2;
/** The engine's disk and the server's have more than that, or no build would begin here at all. */
const LOW = '64MiB';
const SECONDS = 15;

let world: World | null = null;

beforeAll(async () => {
  if (!mayMakeDisks()) return;
  world = await startWorld({
    env: { SLIPWAY_DISK_LOW: LOW },
    prepare: async (dir) => {
      const disk = await makeDisk(path.join(dir, 'worker'), 256 * MIB);
      return () => disk.remove();
    },
  });
});
afterAll(() => world?.stop());

it.runIf(mayMakeDisks())(
  'a worker whose disk is low is given no build, and ends what it runs with every byte of its log',
  async () => {
    if (world === null) throw new Error('there is no system');
    const { system } = world;
    const running = await beginCounting(world, 'low/running', SECONDS);
    const ballast = path.join(system.dir, 'worker', 'ballast');
    execFileSync('fallocate', ['--length', String(180 * MIB), ballast]);
    const why = /^its disk has less than 80 MiB free$/;
    await waitFor('the worker says so', async () => why.test((await workerOf(world)).lowDisk ?? ''));
    const waiting = await push(system, await world.addProject('low/waiting', counting(1)), {});
    const waits = ({ waiting: reason }: BuildView): boolean =>
      reason?.why === 'the only worker waits: its disk has less than 80 MiB free';
    await untilBuild(system, waiting, 'waits for room', waits);
    await expectWhole(world, running, SECONDS);
    expect((await untilBuild(system, waiting, 'still waits', waits)).status).toBe('pending');
    expect(await readFile(path.join(system.dir, 'worker.log'), 'utf8')).toContain('no build is taken');

    await rm(ballast);
    await expectWhole(world, waiting, 1);
    expect((await workerOf(world)).lowDisk).toBeNull();
  },
);

async function workerOf(of: World | null): Promise<WorkerView> {
  const page = await of?.system.api<Page<WorkerView>>('GET', '/workers');
  const [worker] = page?.items ?? [];
  if (worker === undefined) throw new Error('there is no worker');
  return worker;
}
