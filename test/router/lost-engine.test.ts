import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployPlan } from '../../src/core/plan.ts';
import { startEngine, type EnginePart } from '../../src/parts/engine.ts';
import { EngineLost } from '../../worker/engine/engine-lost.ts';
import { runDeployment } from '../../worker/deploy/run-deployment.ts';
import { LeaseLost } from '../../worker/server/lease.ts';
import { testNetwork } from '../support/parts.ts';
import { startDeployWorld, type DeployWorld } from './support/deploy-world.ts';
import { FakeRecord } from './support/fake-record.ts';
import { memoryLease } from './support/memory-lease.ts';

describe('a deployment whose engine goes down', () => {
  let dir: string;
  let part: EnginePart;
  let world: DeployWorld;
  let record: FakeRecord;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'slipway-lost-engine-'));
    await start();
    world = await startDeployWorld(testNetwork(84), part.host);
    record = new FakeRecord(world.network.range);
  });
  afterAll(async () => {
    await world?.remove();
    await part?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it.each<[string, Partial<DeployPlan>, (line: string) => boolean]>([
    [
      'while its smoke test runs',
      { smoke: { commands: ['echo looking', 'sleep 5'], timeoutMs: 60_000 } },
      (line) => line.includes('looking'),
    ],
    [
      'while its health is waited for',
      { health: { path: '/slow?1500', passes: 3, timeoutMs: 60_000 } },
      (line) => line.includes('runs the tested image'),
    ],
  ])('%s is resumed once that is back', async (when, settings, isMoment) => {
    const deployment = record.begin(world.release(when, settings));
    const endings: Promise<void>[] = [];
    const leased = (say: (line: string) => void) =>
      memoryLease({
        work: deployment.claim(),
        signals: () => deployment.signals,
        report: (body) => deployment.take(body),
        say: (line) => (deployment.log.push(line), say(line)),
      });
    const first = leased((line) => {
      if (isMoment(line) && endings.length === 0) endings.push(end());
    });
    await expect(runDeployment(first, world.tools)).rejects.toThrow(EngineLost);
    await Promise.all(endings);
    await start();
    expect(deployment.end).toBeNull();
    expect(deployment.phases).not.toContain('switching');
    const outcome = await runDeployment(
      leased(() => undefined),
      world.tools,
    );
    expect(outcome.status).toBe('success');
  });

  it('and is back before the verdict fails by what its app does after that', async () => {
    const deployment = record.begin(world.release('crashes', { env: { CRASH: '1' } }));
    deployment.signals = { ...deployment.signals, verdict: 'wait' };
    const waits = Promise.withResolvers<void>();
    const lease = memoryLease({
      work: deployment.claim(),
      signals: () => deployment.signals,
      report: (body) => deployment.take(body),
      say: (line) => {
        deployment.log.push(line);
        if (line.includes("build's verdict")) waits.resolve();
      },
    });
    const run = runDeployment(lease, world.tools);
    run.catch(() => undefined);
    await Promise.race([waits.promise, run]);
    await end();
    await start();
    deployment.signals = { ...deployment.signals, verdict: 'switch' };
    expect(await run).toMatchObject({
      status: 'failure',
      reason: expect.stringContaining('exit code 3') as string,
    });
  });

  it('only goes forward once its switch is recorded, be the engine back or not', async () => {
    const deployment = record.begin(world.release('forward'));
    const lease = memoryLease({
      work: deployment.claim(),
      signals: () => deployment.signals,
      report: (body) => {
        deployment.take(body);
        if (deployment.phase === 'switching') lease.lose('the worker was killed');
        lease.lost.throwIfAborted();
      },
      say: (line) => deployment.log.push(line),
    });
    await expect(runDeployment(lease, world.tools)).rejects.toThrow(LeaseLost);
    await end();
    const again = memoryLease({
      work: deployment.claim(),
      signals: () => deployment.signals,
      report: (body) => deployment.take(body),
      say: (line) => deployment.log.push(line),
    });
    try {
      const outcome = await runDeployment(again, world.tools);
      expect(outcome).toMatchObject({ status: 'success', reason: null });
      expect(deployment.log.join('\n')).toContain('is live');
    } finally {
      await start();
    }
  });

  async function start(): Promise<void> {
    part = await startEngine({ dir: path.join(dir, 'engine'), ranges: [testNetwork(84)] });
  }

  /** Told to end, an engine ends its containers first, and answers meanwhile. */
  async function end(): Promise<void> {
    process.kill(part.pid, 'SIGTERM');
    while (existsSync(`/proc/${part.pid}`)) await sleep(20);
    await part.stop();
  }
});
