import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/core/id.ts';
import type { ReportBody } from '../../src/core/work.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { EngineLost } from '../../worker/engine/engine-lost.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { cleanUpWorkflow } from '../../worker/steps/clean-up-workflow.ts';
import { waitFor } from '../support/wait.ts';
import { startMuteProxy } from './mute-proxy.ts';
import { ORDINARY, importBusyboxImage, leftOf, sharedEngine, testLabels } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';

const IMAGE = 'slipway-test-silent:ordinary';

let engine: Engine;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

it('ends a workflow whose remote engine falls silent: the step as an error, and the clean-up in bounded time', async () => {
  const proxy = await startMuteProxy(engine.host);
  const remote = connectEngine(proxy.host, {}, 3_000);
  const name = `silent-${newId('att').slice(-6)}`;
  const ends: ReportBody[] = [];
  const running = runTestWorkflow(remote, {
    image: IMAGE,
    steps: [{ name, commands: ['sleep 300'], timeoutMs: 300_000 }],
    onReport: (body) => void (body.type === 'step.finished' && ends.push(body)),
  });
  running.catch(() => undefined);
  const labels = await waitFor('the step runs', async () => {
    const { containers } = await engine.listOwned([`${LABELS.step}=${name}`]);
    return containers[0]?.labels ?? null;
  });
  const own = { ...testLabels(), lease: labels[LABELS.lease] ?? '' };
  try {
    await sleep(2_000);
    proxy.mute();
    await expect(running).rejects.toThrow(EngineLost);
    expect(ends).toMatchObject([{ status: 'error', reason: 'engine connection lost' }]);
  } finally {
    remote.close();
    proxy.close();
    // What the worker could not remove is its reaper's, once the engine is back.
    await cleanUpWorkflow(engine, own);
  }
  expect(await leftOf(engine, own)).toEqual([]);
});
