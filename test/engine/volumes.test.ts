import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/core/id.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { engineLabels, type WorkflowLabels } from '../../worker/engine/labels.ts';
import { cleanUpWorkflow } from '../../worker/steps/clean-up-workflow.ts';
import { makeVolumes, volumeOf } from '../../worker/steps/make-volumes.ts';
import { reapLeftovers } from '../../worker/steps/reap-leftovers.ts';
import { workspaceOf } from '../../worker/steps/set-up-workflow.ts';
import { planOf, stepOf } from '../support/record.ts';
import { ORDINARY, importBusyboxImage, leftOf, sharedEngine, testLabels } from './support.ts';

const IMAGE = 'slipway-test-volumes:ordinary';
const PLAN = planOf({
  steps: [
    stepOf('a', {
      volumes: [
        { name: 'data', path: '/data', readOnly: false },
        { name: 'lib', path: '/lib/own', readOnly: false },
      ],
    }),
    stepOf('b', { volumes: [{ name: 'data', path: '/other', readOnly: true }] }),
  ],
});

const { signal } = new AbortController();

let engine: Engine;
beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

/** What a command says, as a user of no image, with a workflow's volume at `/data`. */
async function say(labels: WorkflowLabels, command: string): Promise<string> {
  const id = await engine.createContainer({
    name: `${workspaceOf(labels)}-look`,
    image: IMAGE,
    labels: engineLabels(labels),
    command: ['sleep', '60'],
    user: '1000:1000',
    mounts: [{ volume: volumeOf(workspaceOf(labels), 'data'), path: '/data', readOnly: false }],
  });
  try {
    await engine.startContainer(id);
    return (await engine.run(id, { command: ['sh', '-c', command] })).output;
  } finally {
    await engine.removeContainer(id);
  }
}

it('volumes are of one workflow alone, for every user to write, and go with it', async () => {
  const [one, other] = [testLabels(), testLabels()];
  try {
    for (const labels of [one, other]) await makeVolumes(engine, labels, PLAN, { helperPath: null }, signal);
    expect(await leftOf(engine, one)).toHaveLength(2);
    expect(await say(one, 'echo mine > /data/x && cat /data/x')).toBe('mine\n');
    expect(await say(other, 'ls -A /data')).toBe('');
    await cleanUpWorkflow(engine, one);
    expect(await leftOf(engine, one)).toEqual([]);
    expect(await leftOf(engine, other)).toHaveLength(2);
  } finally {
    for (const labels of [one, other]) await cleanUpWorkflow(engine, labels);
  }
});

it('volumes of a worker that was killed are reaped', async () => {
  const labels = testLabels('volumes-reaper');
  try {
    await makeVolumes(engine, labels, PLAN, { helperPath: null }, signal);
    const owner = { isLeaseAlive: () => false, holdsName: async () => true };
    expect(await reapLeftovers(engine, 'volumes-reaper', owner)).toBe(2);
    expect(await leftOf(engine, labels)).toEqual([]);
  } finally {
    await cleanUpWorkflow(engine, labels);
  }
});

it('volumes that lost their labels with their engine are reaped by their names, those of others are not', async () => {
  // By the server's clock, which may be ahead: it does not go back.
  const ahead = Date.now() + 3_600_000;
  const before = Date.now() - 3_600_000;
  const [dead, alive, fresh] = [newId('lea', ahead), newId('lea', before), newId('lea', before)];
  const used = { ...testLabels(), lease: newId('lea', before) };
  const gone = [`slipway-${dead}`, `slipway-${dead}-data`];
  const usedVolume = volumeOf(workspaceOf(used), 'data');
  const kept = [`slipway-${alive}`, `slipway-${fresh}`, usedVolume, `slipway-test-${dead}`];
  const labelled = `slipway-${newId('lea', before)}`;
  const id = await engine.createContainer({
    name: `${workspaceOf(used)}-user`,
    image: IMAGE,
    labels: {},
    command: ['true'],
    mounts: [{ volume: usedVolume, path: '/data', readOnly: false }],
  });
  try {
    for (const name of [...gone, ...kept]) if (!name.includes(fresh)) await engine.createVolume(name, {});
    await engine.createVolume(labelled, { somebody: 'else' });
    await sleep(AGE_MS + 1_000);
    await engine.createVolume(`slipway-${fresh}`, {});
    const isLeaseAlive = (lease: string): boolean => lease === alive;
    await reapLeftovers(engine, 'volumes-reaper', { isLeaseAlive, holdsName: async () => false }, AGE_MS);
    expect(await standing([...gone, ...kept, labelled])).toEqual([...gone, ...kept, labelled]);
    const owner = { isLeaseAlive, holdsName: async () => true };
    expect(await reapLeftovers(engine, 'volumes-reaper', owner, AGE_MS)).toBe(2);
    expect(await standing([...gone, ...kept, labelled])).toEqual([...kept, labelled]);
  } finally {
    await engine.removeContainer(id);
    for (const name of [...gone, ...kept, labelled]) await engine.removeVolume(name);
  }
});

/** Long enough for the calls between, whose age must stay below it. */
const AGE_MS = 5_000;

async function standing(names: readonly string[]): Promise<readonly string[]> {
  const all = new Set((await engine.docker.listVolumes()).Volumes.map(({ Name }) => Name));
  return names.filter((name) => all.has(name));
}

it('a plan without volumes makes none', async () => {
  const labels = testLabels();
  await makeVolumes(engine, labels, planOf(), { helperPath: null }, signal);
  expect(await leftOf(engine, labels)).toEqual([]);
});
