import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { makeDisk, mayMakeDisks } from '../experiments/path/disk.ts';
import { endOf, push } from '../support/builds.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { attemptOf, linesOf } from './support/read-build.ts';
import { untilBuild, untilSaid } from './support/watch-build.ts';
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
    const running = await begin(world, 'low/running');
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

/** Begins a build that counts for {@link SECONDS}; resolves when it has begun to. */
async function begin(of: World, name: string): Promise<string> {
  const id = await push(of.system, await of.addProject(name, counting(SECONDS)), {});
  await untilSaid(of.system, id, 'work', 'second 1');
  return id;
}

function counting(seconds: number): Record<string, string> {
  const count = `i=0; while [ $i -lt ${seconds} ]; do echo "second $i"; i=$((i+1)); sleep 1; done`;
  const step = { name: 'work', image: 'slipway-test/busybox:1', commands: count };
  return { 'slipway.yml': JSON.stringify({ steps: [step] }) };
}

/** The build ran once, to its end. */
async function expectWhole({ system }: World, id: string, seconds: number): Promise<void> {
  const build = await endOf(system, id);
  expect(build.status, explain(build)).toBe('success');
  expect(build.workflows.map(({ attempt }) => attempt)).toEqual([1]);
  const lines = await linesOf(system, attemptOf(build, 'work')?.logId ?? '');
  expect(lines.filter(({ text }) => text.startsWith('second '))).toHaveLength(seconds);
}
