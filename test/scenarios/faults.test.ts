import { Redis } from 'ioredis';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { endOf, push } from '../support/builds.ts';
import { pushPayload } from '../support/github-payloads.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';
import { explain } from './support/expect-build.ts';
import { deliver } from './support/happen.ts';
import { attemptOf, linesOf, rowOf } from './support/read-build.ts';
import { buildOf, untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const CAPACITY = 3;

let world: World;

beforeAll(async () => {
  world = await startWorld({ capacity: CAPACITY });
});
afterAll(() => world?.stop());

describe('when the worker is killed', () => {
  it('a half-run step ends as lost, what had begun no step is built again, and nothing is left', async () => {
    const { system } = world;
    const testing = await begin('faults/testing', { 'slipway.yml': steps('echo on its way; sleep 60') });
    const building = await begin('faults/building', {
      Dockerfile: 'FROM slipway-test/busybox:1\nRUN echo <run>; sleep 8\n',
      'slipway.yml': 'image: {}\nsteps: [{ name: work, commands: echo tested }]\n',
    });
    await untilSaid(system, testing, 'work', 'on its way');
    await untilBuild(system, building, 'builds', (build) => rowOf(build, 'image').status === 'running');
    await kill(system.worker);
    await system.startWorker();
    const lost = await endOf(system, testing);
    expect(lost.status, explain(lost)).toBe('error');
    expect(lost.reason).toMatch(/^worker lost/);
    expect(rowOf(lost, 'work')).toMatchObject({ status: 'error', reason: 'worker lost' });
    const again = await endOf(system, building);
    expect(again.status, explain(again)).toBe('success');
    expect(again.workflows.map(({ attempt }) => attempt)).toEqual([2]);
    await world.expectNothingOfBuilds();
  });
});

describe('when the server is killed', () => {
  it('a running step goes on, its log has no gap, and the build succeeds', async () => {
    const { system } = world;
    const count = 'i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done';
    const id = await begin('faults/server', { 'slipway.yml': steps(count) });
    await untilSaid(system, id, 'work', 'line 20');
    await kill(system.server);
    await sleep(1_500);
    await system.startServer();
    const build = await endOf(system, id);
    expect(build.status, explain(build)).toBe('success');
    const lines = await linesOf(system, attemptOf(build, 'work')?.logId ?? '');
    const counted = lines.map(({ text }) => text).filter((text) => text.startsWith('line '));
    expect(counted).toEqual(Array.from({ length: 300 }, (_, index) => `line ${index}`));
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index));
  });

  it('a step that runs meanwhile ends at its deadline, and its log arrives whole', async () => {
    const { system } = world;
    const count = 'i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.01; done';
    const id = await begin('faults/deadline', { 'slipway.yml': steps(count, 'timeout: 4s') });
    await untilSaid(system, id, 'work', 'line 20');
    await kill(system.server);
    await waitFor('the container of the step is gone', async () => !(await runsStep('work')), 90_000);
    await system.startServer();
    const build = await endOf(system, id);
    expect(build.status, explain(build)).toBe('failure');
    expect(rowOf(build, 'work').reason).toBe('it ran longer than its timeout of 4 s');
    const lines = (await linesOf(system, attemptOf(build, 'work')?.logId ?? '')).map(({ text }) => text);
    expect(lines.at(-1)).toBe('It ran longer than its timeout of 4 s.');
    const counted = lines.filter((text) => text.startsWith('line '));
    expect(counted).toEqual(counted.map((_, index) => `line ${index}`));
    expect(counted.length).toBeGreaterThan(40);
    await world.expectNothingOfBuilds();
  });
});

describe('when Redis is emptied', () => {
  it('while many builds wait and some run, each ends, once, and none is stuck', async () => {
    const { system } = world;
    const running = await begun('faults/running', CAPACITY - 1, LONG);
    for (const id of running) await untilSaid(system, id, 'work', 'on its way');
    // It takes the last place, in the end.
    running.push(await loseJob());
    const waiting = await begun('faults/waiting', 12, 'sleep 1; echo done');
    const statuses = await Promise.all([...running, ...waiting].map((id) => statusOf(id)));
    expect(statuses).toEqual([...running.map(() => 'running'), ...waiting.map(() => 'pending')]);
    const emptied = Date.now();
    await onRedis((redis) => redis.flushall());
    const builds: BuildView[] = [];
    for (const [index, id] of [...running, ...waiting].entries()) {
      builds.push(await endOf(system, id, 90_000));
      if (index % 4 === 3) await onRedis((redis) => redis.flushall());
    }
    for (const build of builds) {
      expect(build.status, explain(build)).toBe('success');
      expect(build.workflows.map(({ attempt }) => attempt)).toEqual([1]);
    }
    const ends = builds.map(({ finishedAtMs }) => finishedAtMs ?? Number.NaN).sort((a, b) => a - b);
    const gaps = ends.map((end, index) => end - (ends[index - 1] ?? emptied));
    expect(Math.max(...gaps)).toBeLessThan(60_000);
    expect(await claimsOf(builds)).toEqual(builds.map(() => 1));
    await world.expectNothingOfBuilds();
  }, 300_000);
});

const LONG = 'echo on its way; sleep 30; echo done';

/** Of one project, each on a branch of its own. */
async function begun(name: string, count: number, command: string): Promise<string[]> {
  const repository = await world.addProject(name, { 'slipway.yml': steps(command) });
  const deliveries = Array.from({ length: count }, (_, index) => {
    const branch = `branch-${index}`;
    const commit = repository.commit({}, 'a change', { branch });
    return deliver(world.system, 'push', pushPayload({ repository: name, commit, branch }));
  });
  return (await Promise.all(deliveries)).flatMap(({ buildIds }) => buildIds);
}

const statusOf = async (id: string): Promise<string> => (await buildOf(world.system, id)).status;

/** Has Redis emptied while the only job in it is on its way to a worker that stands still; returns the job's build, once it runs. */
async function loseJob(): Promise<string> {
  const { worker } = world.system;
  worker?.kill('SIGSTOP');
  try {
    const [id = ''] = await begun('faults/placed', 1, LONG);
    const workflow = (await buildOf(world.system, id)).workflows[0]?.id ?? '';
    const isInRedis = async (): Promise<boolean> =>
      (await onRedis((redis) => redis.keys(`*:${workflow}-1`))).length > 0;
    await waitFor('the job is in Redis', isInRedis);
    await onRedis((redis) => redis.flushall());
    worker?.kill('SIGCONT');
    await untilSaid(world.system, id, 'work', 'on its way');
    return id;
  } finally {
    worker?.kill('SIGCONT');
  }
}

async function onRedis<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(world.system.redis.url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** How often the worker was given each build, by its own log. */
async function claimsOf(builds: readonly BuildView[]): Promise<readonly number[]> {
  const said = (await readFile(path.join(world.system.dir, 'worker.log'), 'utf8')).split('\n');
  const claims = said.filter((line) => line.includes('"msg":"claimed"'));
  return builds.map(({ workflows }) => {
    const id = workflows[0]?.id ?? 'none';
    return claims.filter((line) => line.includes(id)).length;
  });
}

async function begin(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const repository = await world.addProject(name, files);
  return push(world.system, repository, {});
}

async function kill(child: ChildProcess | null): Promise<void> {
  const gone = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGKILL');
  await gone;
}

/** Whether a container of that step of this system is there. */
async function runsStep(step: string): Promise<boolean> {
  const engine = connectEngine(testParts().dockerHost);
  const own = [`${LABELS.worker}=${world.system.workerName}`, `${LABELS.step}=${step}`];
  const { containers } = await engine.listOwned(own);
  engine.close();
  return containers.length > 0;
}

function steps(command: string, more = 'timeout: 1m'): string {
  const commands = JSON.stringify(command);
  return `steps:\n  - { name: work, image: "slipway-test/busybox:1", ${more}, commands: ${commands} }\n`;
}
