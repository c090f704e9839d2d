import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { WorkerView } from '../../src/core/views/worker-view.ts';
import { endOf, push } from '../support/builds.ts';
import { waitFor } from '../support/wait.ts';
import { beginCounting, counting, expectWhole } from './support/counting-build.ts';
import { untilBuild } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const SLIPWAY = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

let world: World;
let second: ChildProcess | null = null;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

describe('a worker that drains before it is restarted', () => {
  it('loses no build: what it runs ends, what comes waits, and runs once it works again', async () => {
    const { system } = world;
    const running = await begin('two/running', 10);
    const drained = slipway('worker', 'drain', system.workerName, '--wait');
    await waitFor('it drains', async () => {
      const { items } = await system.api<Page<WorkerView>>('GET', '/workers');
      return items[0]?.drainingSinceMs !== null;
    });
    const repository = await world.addProject('two/waiting', counting(2));
    const waiting = await push(system, repository, {});
    const waits = ({ waiting: reason }: BuildView): boolean => reason?.why.includes('drain') === true;
    await untilBuild(system, waiting, 'waits for a worker that does not drain', waits);
    expect((await drained).stdout).toContain(`${system.workerName} has drained: it runs nothing\n`);
    await expectWhole(world, running, 10);
    await restartWorker();
    expect((await untilBuild(system, waiting, 'still waits', waits)).status).toBe('pending');
    await slipway('worker', 'undrain', system.workerName);
    await expectWhole(world, waiting, 2);
  });
});

describe('a second process of one worker', () => {
  it('ends in the folder of the first, and costs the first nothing', async () => {
    const { system } = world;
    const id = await begin('two/folder', 6);
    second = await system.spawnWorker('worker');
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(await saidBy('worker')).toContain(`is in use by the worker of process ${system.worker?.pid}`);
    await expectWhole(world, id, 6);
  });

  it('ends in a folder of its own as long as the first lives, whose build goes on', async () => {
    const { system } = world;
    const id = await begin('two/mistake', 30);
    second = await system.spawnWorker('second');
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(await saidBy('second')).toContain(`Worker ${system.workerName} is running`);
    await expectWhole(world, id, 30);
  });

  it('follows a first one that is frozen; that one wakes, removes nothing of it, and ends', async () => {
    const { system } = world;
    const first = system.worker;
    if (first === null) throw new Error('there is no worker');
    const lost = await begin('two/lost', 60);
    first.kill('SIGSTOP');
    second = await system.spawnWorker('third');
    await waitFor(
      'the second has the name',
      async () => (await saidBy('third')).includes('is ready'),
      40_000,
    );
    const id = await begin('two/frozen', 20);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const ended = once(first, 'exit');
    first.kill('SIGCONT');
    expect(await ended).toEqual([1, null]);
    expect(await saidBy('worker')).toContain(`Another process has taken over as worker ${system.workerName}`);
    expect(await endOf(system, lost)).toMatchObject({
      status: 'error',
      reason: expect.stringMatching(/^worker lost/) as unknown,
    });
    await expectWhole(world, id, 20);
    system.worker = second;
  });
});

const begin = (name: string, seconds: number): Promise<string> => beginCounting(world, name, seconds);

/** As an operator does it: SIGTERM, its end, and its next start. */
async function restartWorker(): Promise<void> {
  const { system } = world;
  const ended = system.worker === null ? null : once(system.worker, 'exit');
  system.worker?.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await writeFile(path.join(system.dir, 'worker.log'), '');
  await system.startWorker();
}

/** The command, against the world's server. */
function slipway(...argv: readonly string[]): Promise<{ readonly stdout: string }> {
  const { url, adminToken } = world.system;
  const env = { ...process.env, SLIPWAY_URL: url, SLIPWAY_TOKEN: adminToken };
  return promisify(execFile)(process.execPath, [SLIPWAY, ...argv], { env, encoding: 'utf8' });
}

const saidBy = (folder: string): Promise<string> =>
  readFile(path.join(world.system.dir, `${folder}.log`), 'utf8').catch(() => '');
