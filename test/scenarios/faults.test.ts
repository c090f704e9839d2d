import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOf, push } from '../support/builds.ts';
import { explain } from './support/expect-build.ts';
import { attemptOf, linesOf, rowOf } from './support/read-build.ts';
import { untilBuild, untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ capacity: 2 });
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
  }, 90_000);
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
});

describe('when Redis is emptied', () => {
  it('no waiting build is lost, and none runs twice', async () => {
    const { system } = world;
    const ids = [];
    for (const number of [1, 2, 3, 4, 5])
      ids.push(await begin(`faults/redis-${number}`, { 'slipway.yml': steps('sleep 2; echo done') }));
    const redis = new Redis(system.redis.url);
    await redis.flushall();
    redis.disconnect();
    for (const id of ids) {
      const build = await endOf(system, id);
      expect(build.status, explain(build)).toBe('success');
      expect(build.workflows.map(({ attempt }) => attempt)).toEqual([1]);
    }
    await world.expectNothingOfBuilds();
  });
});

async function begin(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const repository = await world.addProject(name, files);
  return push(world.system, repository, {});
}

async function kill(child: ChildProcess | null): Promise<void> {
  const gone = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGKILL');
  await gone;
}

function steps(command: string): string {
  return `steps:\n  - { name: work, image: "slipway-test/busybox:1", commands: ${JSON.stringify(command)} }\n`;
}
