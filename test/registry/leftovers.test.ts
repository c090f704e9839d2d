import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EFFECT_TRIES, TIMES } from '../../config/times.ts';
import { effectSettled, endedLeases, manifestRecord } from '../../src/builds/index.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import { startRegistry, type RegistryPart } from '../../src/parts/registry.ts';
import { clearStagingEffect } from '../../src/registry/clear-staging.ts';
import { putManifestEffect } from '../../src/registry/put-manifest.ts';
import { openRegistry, type Registry } from '../../src/registry/registry.ts';
import { removeManifestEffect } from '../../src/registry/remove-manifest.ts';
import { tagEffect } from '../../src/registry/tag-effect.ts';
import { tagImage } from '../../src/registry/tag-image.ts';
import { makeRecord, runWorkflow } from '../support/record.ts';
import type { TestLease, TestRecord, TestWorker } from '../support/record.ts';
import { waitFor } from '../support/wait.ts';
import { startHeldRegistry } from './held-registry.ts';
import { putBlobs, smallManifest, stage } from './put-image.ts';
import { startStrictRegistry } from './strict-registry.ts';

/** The real record, outbox and registry; the test is the worker and its engine. */
let dir: string;
let server: RegistryPart;
/** By which the record and the test know it. */
let host: string;
let registry: Registry;
let record: TestRecord;
let ada: TestWorker;
let project: string;
let outbox: Outbox;
let image = 0;
let text: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'registry-test-'));
  server = await startRegistry({ dir });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  text = `image ${(image += 1)}`;
  await open(server.host);
});
afterEach(close);

async function open(at: string): Promise<void> {
  host = at;
  registry = openRegistry({ host, insecure: true, credentials: null });
  record = await makeRecord(undefined, host);
  ada = await record.worker('ada', { capacity: 100 });
  project = await record.project();
  const access = { loginOf: async () => null, isInsecure: () => true };
  const begunMs = performance.now();
  outbox = createOutbox({
    store: record.store,
    clock: { nowMs: () => Math.round(record.clock.now + performance.now() - begunMs) },
    handlers: {
      tag: tagEffect(access),
      'put-manifest': putManifestEffect(access),
      'remove-manifest': removeManifestEffect(access, manifestRecord(record.store)),
      'clear-staging': clearStagingEffect(access, endedLeases(record.store)),
      'seal-log': async () => ({ state: 'done', detail: '' }),
    },
    attemptsOf: EFFECT_TRIES,
    settled: effectSettled,
    onError: (error) => record.errors.push(error),
  });
  outbox.start();
}
async function close(): Promise<void> {
  await outbox.stop();
  await record.close();
  expect(record.errors).toEqual([]);
}

async function claimed() {
  const { buildId } = await record.build(project);
  return { buildId, lease: await ada.claimWorkflow(await record.workflowOf(buildId)) };
}
const staged = () => registry.listTags('slipway-staging/shop/web');
const isThere = async (digest: string) => (await registry.headManifest('shop/web', digest)) !== null;

/** Has the staged manifest put, as the worker does; resolves with the answer when the outbox has done it. */
async function put({ open: held }: TestLease, digest: string, number = 1) {
  const repository = `${host}/shop/web`;
  const fresh = !(await isThere(digest));
  const effect = { kind: 'put-manifest' as const, repository, digest, fresh };
  return waitFor('the manifest was put', async () => {
    const answer = await record.builds.effect(held, { key: `put:${digest}:${number}`, effect });
    return answer.state === 'pending' ? null : answer;
  });
}

/** Stages, has it put and reports it: all that a worker does up to the verdict. */
async function pushed(lease: TestLease): Promise<string> {
  const { digest } = smallManifest(text);
  for (let number = 1; ; number++) {
    await stage(host, 'shop/web', lease.open.id, text);
    await putBlobs(host, 'shop/web', text);
    const answer = await put(lease, digest, number);
    if (answer.state === 'done') break;
    // The worker stages again what another's clean-up has taken along.
    expect(answer.reason).toMatch(/^MANIFEST_UNKNOWN/);
  }
  await lease.report({
    type: 'image.built',
    image: {
      imageId: digest,
      testImageId: digest,
      sizeBytes: 1,
      layers: 1,
      cachedSteps: 0,
      totalSteps: 1,
    },
  });
  const repository = `${host}/shop/web`;
  await lease.report({ type: 'image.pushed', image: { repository, digest, bytesPushed: 1, bytesReused: 0 } });
  return digest;
}
const end = (lease: TestLease, status: 'success' | 'failure') =>
  lease.report({ type: 'workflow.finished', status, reason: null });

async function tag(lease: TestLease, digest: string, name: string) {
  const effect = { kind: 'tag' as const, repository: `${host}/shop/web`, digest, tags: [name] };
  return waitFor('the tag is set', async () => {
    const answer = await record.builds.effect(lease.open, { key: 'tag', effect });
    return answer.state === 'pending' ? null : answer;
  });
}
const effectsOf = async (kind: string) => {
  const { db } = record.store;
  const rows = db.selectFrom('outbox').select(['state', 'result']).where('kind', '=', kind).orderBy('id');
  return (await rows.execute()).map(({ state, result }) => `${state}: ${result ?? ''}`);
};

describe('what a lost worker has staged', () => {
  it('is deleted, and nothing of a worker that is at work', async () => {
    const lost = await claimed();
    await stage(host, 'shop/web', lost.lease.open.id, text);
    const bob = await record.worker('bob');
    const other = await record.build(project);
    const working = await bob.claimWorkflow(await record.workflowOf(other.buildId));
    await stage(host, 'shop/web', working.open.id, `${text}, another`);
    await stage(host, 'shop/web', 'lea_of_another_server', `${text}, a stranger's`);
    await ada.restart();
    await waitFor('it is gone', async () => !(await staged()).includes(lost.lease.open.id));
    expect(await staged()).toEqual(expect.arrayContaining([working.open.id, 'lea_of_another_server']));
    await end(working, 'failure');
    await waitFor('the other is gone', async () => !(await staged()).includes(working.open.id));
    await registry.deleteManifest('slipway-staging/shop/web', smallManifest(`${text}, a stranger's`).digest);
  });

  it('stays while another lease has staged the same digest, and goes with that', async () => {
    const lost = await claimed();
    await stage(host, 'shop/web', lost.lease.open.id, text);
    const bob = await record.worker('bob');
    const other = await record.build(project);
    const working = await bob.claimWorkflow(await record.workflowOf(other.buildId));
    await stage(host, 'shop/web', working.open.id, text);
    await ada.restart();
    await waitFor('it was looked at', async () => (await effectsOf('clear-staging'))[0]?.startsWith('done'));
    expect(await staged()).toHaveLength(2);
    await runWorkflow(working, 'failure');
    await waitFor('both are gone', async () => (await staged()).length === 0);
  });

  it('is deleted when the registry is back that was away', async () => {
    const lost = await claimed();
    await stage(host, 'shop/web', lost.lease.open.id, text);
    await server.stop();
    await ada.restart();
    await waitFor(
      'it was tried',
      async () => (await effectsOf('clear-staging'))[0]?.startsWith('pending: The registry'),
      30_000,
    );
    server = await startRegistry({ dir });
    expect(await staged()).toHaveLength(1);
    await waitFor('it is gone', async () => (await staged()).length === 0, 30_000);
  });

  it('is found later when its engine pushed it after all, by the end of any lease or by the late look', async () => {
    const lost = await claimed();
    await ada.restart();
    await waitFor('it was looked at', async () => (await effectsOf('clear-staging'))[0]?.startsWith('done'));
    await stage(host, 'shop/web', lost.lease.open.id, text);
    await end((await claimed()).lease, 'failure');
    await waitFor('the next build has cleared it', async () => (await staged()).length === 0);
    await stage(host, 'shop/web', lost.lease.open.id, text);
    record.clock.now += TIMES.lateStaging;
    record.store.tell({ kind: 'outbox', id: '' });
    await waitFor('the late look has cleared it', async () => (await staged()).length === 0);
  });

  it('is given up with an event where the registry refuses deletes', async () => {
    await close();
    const strict = await startStrictRegistry();
    await open(strict.host);
    try {
      const { buildId, lease } = await claimed();
      await stage(host, 'shop/web', lease.open.id, text);
      await end(lease, 'failure');
      const { detail_json } = await waitFor('an event tells it', () =>
        record.store.db
          .selectFrom('event')
          .select('detail_json')
          .where('type', '=', 'build.staging_left')
          .where('build_id', '=', buildId)
          .executeTakeFirst(),
      );
      expect(detail_json).toMatch(/answered 405 to DELETE .*UNSUPPORTED/);
      expect(await effectsOf('clear-staging')).toMatchObject([expect.stringMatching(/^failed: .* 405 /)]);
      expect(await staged()).toEqual([lease.open.id]);
    } finally {
      await strict.stop();
    }
  });
});

describe('a staged manifest', () => {
  it('is put by its digest, untagged, and again without harm', async () => {
    const { lease } = await claimed();
    const { digest } = await stage(host, 'shop/web', lease.open.id, text);
    await putBlobs(host, 'shop/web', text);
    expect(await put(lease, digest)).toMatchObject({ state: 'done' });
    expect(await put(lease, digest, 2)).toMatchObject({ state: 'done' });
    expect(await isThere(digest)).toBe(true);
    expect(await registry.listTags('shop/web')).toEqual([]);
  });

  it('whose blobs are not there is refused at once, in the words that have the worker bring them', async () => {
    const { lease } = await claimed();
    const { digest } = await stage(host, 'shop/web', lease.open.id, text);
    expect(await put(lease, digest)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/MANIFEST_BLOB_UNKNOWN/) as string,
    });
  });

  it('that another push has taken away is told as that', async () => {
    const { lease } = await claimed();
    expect(await put(lease, smallManifest(text).digest)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^MANIFEST_UNKNOWN/) as string,
    });
  });
});

describe('a red build’s manifest', () => {
  it('is deleted; a green one’s stays', async () => {
    const green = await claimed();
    const kept = await pushed(green.lease);
    await end(green.lease, 'success');
    text += ', red';
    const red = await claimed();
    const digest = await pushed(red.lease);
    await end(red.lease, 'failure');
    await waitFor('it is gone', async () => !(await isThere(digest)));
    expect(await isThere(kept)).toBe(true);
    const ours = [green.lease.open.id, red.lease.open.id];
    await waitFor('nothing is staged', async () => !(await staged()).some((name) => ours.includes(name)));
  });

  it('stays when it is also a green one’s, or that of a build on its way', async () => {
    const red = await claimed();
    const digest = await pushed(red.lease);
    const next = await claimed();
    await pushed(next.lease);
    await end(red.lease, 'failure');
    await waitFor('it was looked at', async () => (await effectsOf('remove-manifest')).length === 1);
    await outbox.idle();
    expect(await effectsOf('remove-manifest')).toEqual(['done: kept: build #2 of shop/web names it']);
    expect(await isThere(digest)).toBe(true);
    await end(next.lease, 'failure');
    await waitFor('the last one has taken it along', async () => !(await isThere(digest)));
  });

  it('stays when it was in the registry before', async () => {
    await putBlobs(host, 'shop/web', text);
    await registry.putManifest('shop/web', 'by-hand', smallManifest(text));
    const red = await claimed();
    const digest = await pushed(red.lease);
    await end(red.lease, 'failure');
    await waitFor('it was looked at', async () => (await effectsOf('remove-manifest')).length === 1);
    await outbox.idle();
    expect(await registry.headManifest('shop/web', 'by-hand')).toBe(digest);
    await registry.deleteManifest('shop/web', digest);
  });

  it('is there again for a build that comes to name it while it is being deleted', async () => {
    await close();
    const held = await startHeldRegistry(server.host);
    await open(held.host);
    try {
      const red = await claimed();
      const digest = await pushed(red.lease);
      const green = await claimed();
      await stage(host, 'shop/web', green.lease.open.id, text);
      const deleting = held.holdDelete();
      await end(red.lease, 'failure');
      const release = await deleting;
      const put = pushed(green.lease);
      const whether = await Promise.race([put.then(() => 'put'), sleep(300, 'waits')]);
      expect(whether, 'the manifest, while its removal is on the way,').toBe('waits');
      release();
      expect(await put).toBe(digest);
      expect(await isThere(digest), 'a deployer may pull it from here on').toBe(true);
      expect(await tag(green.lease, digest, 'green')).toMatchObject({ state: 'done' });
      await end(green.lease, 'success');
      await outbox.idle();
      expect(await registry.headManifest('shop/web', 'green')).toBe(digest);
      await registry.deleteManifest('shop/web', digest);
    } finally {
      await held.close();
    }
  });

  it('is never missing for a build that pushes the same digest at about that time', async () => {
    for (let round = 0; round < 10; round++) {
      text = `image ${(image += 1)}`;
      const red = await claimed();
      const digest = await pushed(red.lease);
      const green = await claimed();
      const pushing = sleep(Math.random() * 60).then(() => pushed(green.lease));
      const ending = sleep(Math.random() * 60).then(() => end(red.lease, 'failure'));
      expect(await pushing).toBe(digest);
      expect(await isThere(digest)).toBe(true);
      await ending;
      await end(green.lease, 'success');
      await outbox.idle();
      expect(await isThere(digest)).toBe(true);
    }
  });
});

it('a tag brings its manifest along: one that was deleted in between is there again', async () => {
  await putBlobs(host, 'shop/web', text);
  const manifest = smallManifest(text);
  await registry.putManifest('shop/web', manifest.digest, manifest);
  const interrupted: Registry = {
    ...registry,
    headManifest: async (...asked) => {
      await registry.deleteManifest('shop/web', manifest.digest);
      return registry.headManifest(...asked);
    },
  };
  await tagImage({ registry: interrupted, repository: 'shop/web', digest: manifest.digest, tags: ['back'] });
  expect(await registry.headManifest('shop/web', 'back')).toBe(manifest.digest);
  expect(await isThere(manifest.digest)).toBe(true);
});
