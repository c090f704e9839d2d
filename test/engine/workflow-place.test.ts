import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { engineLabels } from '../../worker/engine/labels.ts';
import { tarOf } from '../../worker/engine/tar.ts';
import { cleanUpWorkflow } from '../../worker/steps/clean-up-workflow.ts';
import { ensureHelper, HELPER_FOLDER } from '../../worker/steps/ensure-helper.ts';
import { fillWorkspace } from '../../worker/steps/fill-workspace.ts';
import { reapLeftovers } from '../../worker/steps/reap-leftovers.ts';
import { startStepContainer } from '../../worker/steps/step-container.ts';
import { setUpWorkflow } from '../../worker/steps/set-up-workflow.ts';
import { ORDINARY, importBusyboxImage, leftOf, sharedEngine, testLabels } from './support.ts';

const IMAGE = 'slipway-test-place:ordinary';
const NEVER = new AbortController().signal;
/** A range of one network only, so that a test can exhaust it. */
const ONE = { networkRange: '10.214.255.192/26' };

let engine: Engine;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

it('gives each of several workflows that start at once a network of its own', async () => {
  const settings = { networkRange: '10.214.0.0/24' };
  const owners = [testLabels(), testLabels(), testLabels()];
  const other = sharedEngine();
  try {
    const places = await Promise.all(
      owners.map((labels, i) => setUpWorkflow(i === 0 ? other : engine, labels, settings, NEVER)),
    );
    const networks = await engine.listNetworks();
    const own = networks.filter((network) => places.some((place) => place.network === network.name));
    const subnets = own.flatMap((network) => network.subnets);
    expect(new Set(subnets).size).toBe(3);
    for (const subnet of subnets) expect(subnet).toMatch(/^10\.214\.0\.\d+\/26$/);
  } finally {
    for (const labels of owners) await cleanUpWorkflow(engine, labels);
    other.close();
  }
  for (const labels of owners) expect(await leftOf(engine, labels)).toEqual([]);
});

it('waits for a network while the range has none free, says so once, and takes one that gets free', async () => {
  const [first, second] = [testLabels(), testLabels()];
  try {
    await setUpWorkflow(engine, first, ONE, NEVER);
    const said: string[] = [];
    const waiting = setUpWorkflow(engine, second, ONE, NEVER, (why) => said.push(why));
    // Longer than two looks.
    expect(await Promise.race([waiting, sleep(1_200, 'waits')])).toBe('waits');
    await cleanUpWorkflow(engine, first);
    expect((await waiting).network).toBe(`slipway-${second.lease}`);
    expect(said).toEqual([expect.stringContaining(`every /26 of ${ONE.networkRange} is in use`)]);
  } finally {
    for (const labels of [first, second]) await cleanUpWorkflow(engine, labels);
  }
  for (const labels of [first, second]) expect(await leftOf(engine, labels)).toEqual([]);
});

it('stops waiting for a network when the workflow is cancelled', async () => {
  const [first, second] = [testLabels(), testLabels()];
  const cancel = new AbortController();
  try {
    await setUpWorkflow(engine, first, ONE, NEVER);
    setTimeout(() => cancel.abort(new Error('cancelled')), 200);
    await expect(setUpWorkflow(engine, second, ONE, cancel.signal)).rejects.toThrowError('cancelled');
  } finally {
    for (const labels of [first, second]) await cleanUpWorkflow(engine, labels);
  }
});

it('cleans up running containers, and may be repeated', async () => {
  const labels = testLabels();
  const place = await setUpWorkflow(engine, labels, ONE, NEVER);
  for (const name of ['a', 'b']) {
    const id = await engine.createContainer({
      name: `slipway-${labels.lease}-${name}`,
      image: IMAGE,
      labels: engineLabels(labels, name),
      command: ['sh', '-c', "trap '' TERM; sleep 60"],
      network: place.network,
      mounts: [{ volume: place.volume, path: '/workspace', readOnly: false }],
    });
    await engine.startContainer(id);
  }
  expect(await leftOf(engine, labels)).toHaveLength(4);
  await Promise.all([cleanUpWorkflow(engine, labels), cleanUpWorkflow(engine, labels)]);
  await cleanUpWorkflow(engine, labels);
  expect(await leftOf(engine, labels)).toEqual([]);
});

it('reaps what dead leases of this worker left, and nothing else', async () => {
  const settings = { networkRange: '10.214.1.0/24' };
  const dead = testLabels('reaper-test');
  const alive = testLabels('reaper-test');
  const stranger = testLabels('another-worker');
  const app = `slipway-test-app-${dead.lease}`;
  try {
    for (const labels of [dead, alive, stranger]) await setUpWorkflow(engine, labels, settings, NEVER);
    await engine.createVolume(app, { 'slipway.worker': 'reaper-test' });
    const isLeaseAlive = (lease: string): boolean => lease === alive.lease;
    const superseded = { isLeaseAlive, holdsName: async () => false };
    expect(await reapLeftovers(engine, 'reaper-test', superseded)).toBe(0);
    expect(await leftOf(engine, dead)).toHaveLength(2);
    const owner = { isLeaseAlive, holdsName: async () => true };
    expect(await reapLeftovers(engine, 'reaper-test', owner)).toBe(2);
    expect(await leftOf(engine, dead)).toEqual([]);
    expect(await leftOf(engine, alive)).toHaveLength(2);
    expect(await leftOf(engine, stranger)).toHaveLength(2);
    await engine.docker.getVolume(app).inspect();
  } finally {
    for (const labels of [dead, alive, stranger]) await cleanUpWorkflow(engine, labels);
    await engine.removeVolume(app);
  }
});

it('brings the helper once, however many workers of one engine begin at once', async () => {
  const workers = Array.from({ length: 4 }, () => connectEngine(engine.host));
  try {
    const helpers = await Promise.all(workers.map((worker) => ensureHelper(worker, null)));
    expect(new Set(helpers.map((helper) => helper.volume)).size).toBe(1);
  } finally {
    for (const worker of workers) worker.close();
  }
});

it('copies files, folders, links and modes into the workspace, writable for every user', async () => {
  const labels = testLabels();
  const folder = mkdtempSync(path.join(tmpdir(), 'slipway-checkout-'));
  try {
    mkdirSync(path.join(folder, 'deep/er'), { recursive: true });
    writeFileSync(path.join(folder, `deep/er/${'long-name-'.repeat(20)}`), 'long\n');
    writeFileSync(path.join(folder, 'run.sh'), '#!/bin/sh\necho ran\n');
    chmodSync(path.join(folder, 'run.sh'), 0o700);
    writeFileSync(path.join(folder, 'plain'), 'plain\n', { mode: 0o600 });
    symlinkSync('plain', path.join(folder, 'link'));
    const place = await setUpWorkflow(engine, labels, ONE, NEVER);
    await fillWorkspace(engine, labels, place, folder);
    const id = await engine.createContainer({
      name: `slipway-${labels.lease}-look`,
      image: IMAGE,
      labels: engineLabels(labels),
      command: ['sleep', '60'],
      user: '1000:1000',
      mounts: [{ volume: place.volume, path: '/workspace', readOnly: false }],
    });
    await engine.startContainer(id);
    const look = (script: string) =>
      engine.run(id, { command: ['sh', '-c', script], workingDirectory: '/workspace' });
    expect(
      await look(
        './run.sh; cat link deep/er/long*; echo x > plain; echo y > deep/er/new; touch new; cat plain',
      ),
    ).toEqual({
      exitCode: 0,
      output: 'ran\nplain\nlong\nx\n',
    });
    expect((await look('stat -c "%a %n" plain run.sh deep .')).output).toBe(
      '666 plain\n777 run.sh\n777 deep\n777 .\n',
    );
  } finally {
    await cleanUpWorkflow(engine, labels);
    rmSync(folder, { recursive: true });
  }
  expect(await leftOf(engine, labels)).toEqual([]);
});

it('unpacks within a container, never into the helper that all builds share, and ends when it is told to', async () => {
  const labels = testLabels();
  const helper = await ensureHelper(engine, null);
  const container = await startStepContainer(
    engine,
    {
      name: `slipway-${labels.lease}`,
      image: IMAGE,
      labels: engineLabels(labels),
      mounts: [{ volume: helper.volume, path: HELPER_FOLDER, readOnly: true }],
      limits: { memoryBytes: 64 * 1024 ** 2, pids: 64, cpuShares: 512 },
    },
    30_000,
  );
  const put = (name: string, signal?: AbortSignal) => {
    const file = { name, mode: 0o755, bytes: Buffer.from('x') };
    return engine.putArchive(container.id, '/', tarOf([file]), signal);
  };
  try {
    await engine.run(container.id, { command: ['sh', '-c', 'ln -s /.slipway /tmp/evil'] });
    for (const name of ['.slipway/more', '.slipway/busybox', 'tmp/evil/more', '../../.slipway/more'])
      await expect(put(name), name).rejects.toThrow(/read-only|breakout/);
    await put('tmp/fine');
    const listed = await engine.run(container.id, { command: ['sh', '-c', 'ls /.slipway; cat /tmp/fine'] });
    expect(listed.output).toBe('busybox\nready\nx');

    const stop = new AbortController();
    const endless = new PassThrough();
    const unpacking = engine.putArchive(container.id, '/tmp', endless, stop.signal);
    setTimeout(() => stop.abort(new Error('cancelled')), 50);
    await expect(unpacking).rejects.toThrow();
    endless.destroy();
  } finally {
    await container.remove();
  }
  expect(await leftOf(engine, labels)).toEqual([]);
});
