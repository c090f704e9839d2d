import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TIMES } from '../../config/times.ts';
import { Problem } from '../../src/core/problem.ts';
import { knownManifests } from '../../src/registry/known-manifests.ts';
import { putManifestEffect } from '../../src/registry/put-manifest.ts';
import { openRegistry, type Registry } from '../../src/registry/registry.ts';
import { tagImage } from '../../src/registry/tag-image.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { findBuildClient, type BuildClient } from '../../worker/image/build-client.ts';
import { buildImage } from '../../worker/image/build-image.ts';
import { buildRepository, removeBuildImages } from '../../worker/image/remove-build-images.ts';
import { ensureImage } from '../../worker/registry/ensure-image.ts';
import { pushImage, type PushImage, type PushImageResult } from '../../worker/registry/push-image.ts';
import { removeStaging, removeStagingTags } from '../../worker/registry/remove-staging.ts';
import { stagingName, stagingOf } from '../../src/core/staging.ts';
import { keepLog, writeContext } from './small-repository.ts';
import { prepareImage } from '../../worker/steps/prepare-image.ts';
import { startHostileRegistry } from '../support/hostile-registry.ts';
import { LOGIN } from '../support/registry-logins.ts';
import { startSilentRegistry } from './silent-registry.ts';
import { startCountedRegistry, type CountedRegistry } from './counted-registry.ts';

const MEGABYTE = 1_000_000;
let engine: Engine;
let client: BuildClient;
let server: CountedRegistry;
let registry: Registry;
let leaseId: string;
let log: ReturnType<typeof keepLog>;
let directory: string;
const leases: string[] = [];

beforeAll(async () => {
  engine = connectEngine(process.env['DOCKER_HOST'] ?? '');
  const found = await findBuildClient();
  if (found.client === null) throw new Error('no build client');
  client = found.client;
  server = await startCountedRegistry();
  registry = openRegistry({ host: server.host, insecure: true, credentials: null });
  directory = writeContext({
    Dockerfile: 'FROM scratch\nCOPY big /big\nCOPY line /line\n',
    big: randomBytes(8 * MEGABYTE),
    line: 'one',
  });
});
afterAll(async () => {
  for (const id of leases) await removeBuildImages(engine, buildRepository(id));
  const pulled = (await engine.docker.listImages()).flatMap(({ RepoDigests }) => RepoDigests ?? []);
  for (const name of pulled.filter((digest) => digest.startsWith(`${server.host}/`)))
    await engine.docker.getImage(name).remove();
  await server.stop();
  engine.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  leaseId = newLease();
  log = keepLog();
});
afterEach(async () => {
  expect(await stagingTags(), 'local staging tags').toEqual([]);
});

function newLease(): string {
  const id = `lea_${randomUUID().slice(0, 8)}`;
  leases.push(id);
  return id;
}
async function stagingTags(): Promise<readonly string[]> {
  const images = await engine.docker.listImages();
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  return names.filter((name) => name.startsWith(`${server.host}/slipway-staging/`));
}
/** Builds the image with this line in it; returns its Id. */
async function image(line: string, id = leaseId, from = directory): Promise<string> {
  writeFileSync(path.join(from, 'line'), line);
  const built = await buildImage({
    client,
    engine,
    directory: from,
    plan: { dockerfile: 'Dockerfile', context: '.', target: null, testTarget: null, args: {}, secrets: [] },
    secrets: {},
    args: {},
    tag: `${buildRepository(id)}:image`,
    registries: {},
    caBundle: null,
    log: keepLog(),
    signal: new AbortController().signal,
  });
  if (built.image === null) throw new Error(built.outcome.reason ?? '');
  return built.image.imageId;
}
const push = (imageId: string, more: Partial<PushImage> = {}): Promise<PushImageResult> =>
  pushImage({
    engine,
    imageId,
    leaseId,
    registry,
    repository: 'shop/web',
    credentials: null,
    idleMs: TIMES.registryIdle,
    put: async (digest, fresh) => {
      const payload = { repository: `${server.host}/${more.repository ?? 'shop/web'}`, digest, fresh };
      const answer = await putManifest(payload, '', never());
      if (answer.state === 'failed') throw refused(answer.reason);
    },
    onPushed: () => Promise.resolve(),
    log,
    signal: new AbortController().signal,
    ...more,
  });

/** As the server's outbox does it. */
const putManifest = putManifestEffect({
  loginOf: async () => null,
  isInsecure: () => true,
  known: knownManifests(),
});

function refused(cause: string): Problem {
  return new Problem('registry_failed', { host: server.host, status: 'an error', request: 'put', cause });
}

test('pushes by digest, without any tag, and the manifest read back names the tested image', async () => {
  const imageId = await image('one');
  const result = await push(imageId);
  expect(result.outcome).toEqual({ status: 'success', reason: null, exitCode: null });
  const digest = result.image?.digest ?? '';
  expect(result.image?.repository).toBe(`${server.host}/shop/web`);
  expect((await registry.getManifest('shop/web', digest))?.config?.digest).toBe(imageId);
  expect(await tagsOf('shop/web')).toEqual([]);
  expect(await registry.headManifest('slipway-staging/shop/web', digest)).toBeNull();
});

test('tells of the image before it clears the staging', async () => {
  const staged: boolean[] = [];
  const onPushed: PushImage['onPushed'] = async ({ digest }) =>
    void staged.push((await registry.headManifest('slipway-staging/shop/web', digest)) !== null);
  const result = await push(await image('told'), { onPushed });
  expect(staged).toEqual([true]);
  expect(await registry.headManifest('slipway-staging/shop/web', result.image?.digest ?? '')).toBeNull();
});

test('sends the bytes of a one-line change only, and says how many', async () => {
  const repository = 'shop/bytes';
  writeFileSync(path.join(directory, 'big'), randomBytes(8 * MEGABYTE));
  const first = await push(await image('one'), { repository });
  server.takeBytes();
  leaseId = newLease();
  const second = await push(await image(randomUUID()), { repository });
  const sent = server.takeBytes();
  expect(first.image?.bytesPushed).toBeGreaterThan(7 * MEGABYTE);
  expect(second.image?.bytesPushed).toBeLessThan(2_000);
  expect(second.image?.bytesReused).toBeGreaterThan(7 * MEGABYTE);
  expect(sent).toBeLessThan(20_000); // on the wire, with every header
  expect(log.text()).toMatch(/travelled, 8\.0 MB were in the registry already/);
});

test('sends the shared layers of another project no second time', async () => {
  await push(await image('one'), { repository: 'shop/web' });
  server.takeBytes();
  leaseId = newLease();
  const other = await push(await image(randomUUID()), { repository: 'other/app' });
  expect(server.takeBytes()).toBeLessThan(20_000);
  expect(other.image?.bytesPushed).toBeLessThan(2_000);
});

test('pushes again what is there already without moving a byte', async () => {
  const imageId = await image(randomUUID());
  const first = await push(imageId);
  const again = await push(imageId);
  expect(again.image).toMatchObject({ digest: first.image?.digest, bytesPushed: 0 });
});

test('lets two builds push the same digest at once', async () => {
  const imageId = await image(randomUUID());
  const ids = Array.from({ length: 4 }, newLease);
  const results = await Promise.all(ids.map((id) => push(imageId, { leaseId: id, repository: 'shop/same' })));
  expect(results.map(({ outcome }) => outcome.reason)).toEqual(ids.map(() => null));
  const digests = new Set(results.map((result) => result.image?.digest));
  expect(digests.size).toBe(1);
  expect(await registry.getManifest('shop/same', [...digests][0] ?? '')).not.toBeNull();
});

test('sets tags on the pushed digest afterwards, moving no layer', async () => {
  const { image: pushed } = await push(await image(randomUUID()), { repository: 'shop/tags' });
  const digest = pushed?.digest ?? '';
  server.takeBytes();
  await tagImage({ registry, repository: 'shop/tags', digest, tags: ['main', 'v1'] });
  await tagImage({ registry, repository: 'shop/tags', digest, tags: ['main', 'v1'] });
  expect(server.takeBytes()).toBeLessThan(10_000);
  expect(await registry.headManifest('shop/tags', 'main')).toBe(digest);
  expect(await tagsOf('shop/tags')).toEqual(['main', 'v1']);
});

test('ends as an error that names the registry when it is down, and leaves no tag in the engine', async () => {
  const gone = openRegistry({ host: '127.0.0.1:9', insecure: true, credentials: null }, QUICK);
  const { outcome, image: pushed } = await push(await image('one'), { registry: gone });
  expect(pushed).toBeNull();
  expect(outcome.status).toBe('error');
  expect(outcome.reason).toContain('127.0.0.1:9');
  const images = await engine.docker.listImages();
  expect(images.flatMap(({ RepoTags }) => RepoTags ?? []).join()).not.toContain('127.0.0.1:9');
});

test('gives a registry up that lets the engine begin and then answers nothing', async () => {
  const silent = await startSilentRegistry();
  const endpoint = { host: silent.host, insecure: true, credentials: null };
  const { outcome } = await push(await image('one'), {
    registry: openRegistry(endpoint, QUICK),
    idleMs: 2_000,
  });
  await silent.close();
  expect(outcome.status).toBe('error');
  expect(outcome.reason).toContain(silent.host);
  expect(outcome.reason).toContain('no byte has moved, in either direction, within 2 s');
  expect(log.text()).toContain('trying again');
  const images = await engine.docker.listImages();
  expect(images.flatMap(({ RepoTags }) => RepoTags ?? []).join()).not.toContain(silent.host);
});

test('sees a failure that the engine tells inside of a 200, and does not repeat what was refused', async () => {
  const locked = await startCountedRegistry(true);
  try {
    const open = openRegistry({ host: locked.host, insecure: true, credentials: LOGIN }, QUICK);
    const wrong = { username: 'ci', password: 'wrong' };
    const { outcome } = await push(await image('one'), { registry: open, credentials: wrong });
    expect(outcome).toMatchObject({ status: 'error' });
    expect(outcome.reason).toMatch(/answered an error to push .*(unauthorized|denied|authentication)/);
    const good = await push(await image('one'), { registry: open, credentials: LOGIN });
    expect(good.outcome.status).toBe('success');
  } finally {
    await locked.stop();
  }
});

test('is done where the registry refuses to delete; the staged manifest stays', async () => {
  const refusal = { host: server.host, status: 405, request: 'DELETE', cause: 'UNSUPPORTED' };
  const keeping: Registry = {
    ...registry,
    deleteManifest: () => Promise.reject(new Problem('registry_failed', refusal)),
  };
  const { outcome, image: pushed } = await push(await image('one'), {
    registry: keeping,
    repository: 'shop/kept',
  });
  expect(outcome.status).toBe('success');
  expect(await registry.headManifest('shop/kept', pushed?.digest ?? '')).toBe(pushed?.digest);
  expect(log.text()).not.toContain('left behind');
});

test('copies the blobs through the worker where the registry refuses to mount', async () => {
  const refusing: Registry = { ...registry, mountBlob: () => Promise.resolve(false) };
  const imageId = await image(randomUUID());
  const { outcome, image: pushed } = await push(imageId, { registry: refusing, repository: 'shop/copied' });
  expect(outcome.status).toBe('success');
  expect(log.text()).toMatch(/refuses to mount/);
  const reference = `${server.host}/shop/copied@${pushed?.digest ?? ''}`;
  expect(await ensureImage({ engine, reference, imageId, credentials: null, log, signal: never() })).toBe(
    imageId,
  );
});

test('refuses a manifest that is not of the tested image', async () => {
  const tested = await image('one');
  const other = await image('two', newLease());
  const { image: pushed } = await push(other, { repository: 'shop/swap' });
  const swapped = await registry.getManifest('shop/swap', pushed?.digest ?? '');
  const lying: Registry = { ...registry, getManifest: () => Promise.resolve(swapped) };
  const { outcome, image: result } = await push(tested, { registry: lying, repository: 'shop/swapped' });
  expect(result).toBeNull();
  expect(outcome.reason).toMatch(new RegExp(`has digest ${other}, not ${tested}`));
  expect(await registry.headManifest('shop/swapped', pushed?.digest ?? '')).toBeNull();
});

test('stops when it is cancelled, and leaves nothing staged', async () => {
  const slow = writeContext({
    Dockerfile: 'FROM scratch\nCOPY big /big\nCOPY line /line\n',
    big: randomBytes(60 * MEGABYTE),
  });
  try {
    const imageId = await image('one', leaseId, slow);
    const controller = new AbortController();
    const result = push(imageId, { signal: controller.signal, repository: 'shop/cancelled' });
    await expect.poll(() => server.takeBytes(), { timeout: 20_000, interval: 5 }).toBeGreaterThan(10_000);
    controller.abort();
    expect((await result).outcome.status).toBe('cancelled');
    expect(await registry.headManifest('slipway-staging/shop/cancelled', leaseId)).toBeNull();
  } finally {
    rmSync(slow, { recursive: true });
  }
});

test('takes away afterwards what a killed push has left', async () => {
  const imageId = await image('one');
  const staging = stagingOf('shop/killed', leaseId);
  await engine.docker
    .getImage(imageId)
    .tag({ repo: `${server.host}/${staging.repository}`, tag: staging.tag });
  const stream = await engine.docker.getImage(stagingName(server.host, staging)).push({ authconfig: {} });
  await finished(stream.resume());
  expect(await registry.headManifest(staging.repository, staging.tag)).not.toBeNull();
  const left = { engine, registry, staging, digest: null };
  await removeStaging(left);
  await removeStaging(left);
  expect(await registry.headManifest(staging.repository, staging.tag)).toBeNull();
  await engine.docker.getImage(imageId).inspect();
});

test('takes the engine’s name of what a killed push has staged, and nobody else’s', async () => {
  const imageId = await image('one');
  const other = newLease();
  for (const id of [leaseId, other]) {
    const { repository, tag } = stagingOf('shop/killed', id);
    await engine.docker.getImage(imageId).tag({ repo: `${server.host}/${repository}`, tag });
  }
  await removeStagingTags(engine, leaseId);
  await removeStagingTags(engine, leaseId);
  expect(await stagingTags()).toEqual([stagingName(server.host, stagingOf('shop/killed', other))]);
  await removeStagingTags(engine, other);
  await engine.docker.getImage(imageId).inspect();
});

test('pulls an image by digest, and again without asking the registry', async () => {
  const imageId = await image(randomUUID());
  const { image: pushed } = await push(imageId, { repository: 'shop/pulled' });
  await removeBuildImages(engine, buildRepository(leaseId));
  const reference = `${server.host}/shop/pulled@${pushed?.digest ?? ''}`;
  const ensure = (): Promise<string> =>
    ensureImage({ engine, reference, imageId, credentials: null, log, signal: never() });
  expect(await ensure()).toBe(imageId);
  server.takeBytes();
  expect(await ensure()).toBe(imageId);
  expect(server.takeBytes()).toBe(0);
  await expect(
    ensureImage({ engine, reference, imageId: 'sha256:other', credentials: null, log, signal: never() }),
  ).rejects.toThrow(/has digest .*, not sha256:other/);
});

test('keeps an image that was pulled by digest when its build is over, however often that is tidied up', async () => {
  const imageId = await image(randomUUID());
  const { image: pushed } = await push(imageId, { repository: 'shop/deployed' });
  const reference = `${server.host}/shop/deployed@${pushed?.digest ?? ''}`;
  await removeBuildImages(engine, buildRepository(leaseId));
  await ensureImage({ engine, reference, imageId, credentials: null, log, signal: never() });
  await removeBuildImages(engine, buildRepository(leaseId));
  await removeBuildImages(engine, buildRepository(leaseId));
  expect((await engine.docker.getImage(reference).inspect()).Id).toBe(imageId);
});

test('gives a pull up in which the registry goes silent, and tries it again', async () => {
  const imageId = await image(randomUUID());
  const { image: pushed } = await push(imageId, { repository: 'shop/silent' });
  await removeBuildImages(engine, buildRepository(leaseId));
  const hostile = await startHostileRegistry();
  hostile.target = server.host;
  const reference = `${hostile.host}/shop/silent@${pushed?.digest ?? ''}`;
  const impatient = connectEngine(process.env['DOCKER_HOST'] ?? '', process.env, TIMES.deadManSwitch, 3_000);
  let silences = Infinity;
  hostile.answer = (method, target) =>
    method === 'GET' && target.includes('/blobs/') && silences-- > 0 ? 'half, then silence' : 'as it is';
  try {
    const cause = 'no byte has moved, in either direction, within 3 s';
    expect(await prepareImage(impatient, reference, {}, never())).toMatchObject({
      end: { code: 'image_unavailable', reason: `the image ${reference} cannot be had: ${cause}` },
    });
    silences = 1;
    const ensured = { engine: impatient, reference, imageId, credentials: null, log, signal: never() };
    expect(await ensureImage(ensured)).toBe(imageId);
    expect(log.text()).toContain(`The pull failed (${cause}); trying again`);
    await engine.docker.getImage(reference).remove();
  } finally {
    impatient.close();
    await hostile.close();
  }
});

test('ends a pull in which the registry goes silent with its cancel, and says that', async () => {
  const imageId = await image(randomUUID());
  const { image: pushed } = await push(imageId, { repository: 'shop/cancelled' });
  await removeBuildImages(engine, buildRepository(leaseId));
  const hostile = await startHostileRegistry();
  hostile.target = server.host;
  const cancel = new AbortController();
  hostile.answer = (_, target) => {
    if (!target.includes('/blobs/')) return 'as it is';
    setTimeout(() => cancel.abort(new Error('cancelled by ada')), 100);
    return 'half, then silence';
  };
  const reference = `${hostile.host}/shop/cancelled@${pushed?.digest ?? ''}`;
  try {
    await expect(
      ensureImage({ engine, reference, imageId, credentials: null, log, signal: cancel.signal }),
    ).rejects.toThrow('cancelled by ada');
  } finally {
    await hostile.close();
  }
});

test('says at once that a digest is not in the registry', async () => {
  const reference = `${server.host}/shop/web@sha256:${'0'.repeat(64)}`;
  await expect(
    ensureImage({ engine, reference, imageId: 'x', credentials: null, log, signal: never() }),
  ).rejects.toThrow(/answered an error to pull .*manifest unknown/);
});

const QUICK = { attempts: 2, firstPauseMs: 10, mostPauseMs: 100 };

function never(): AbortSignal {
  return new AbortController().signal;
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  const response = await fetch(`http://${server.host}/v2/${repository}/tags/list`);
  const { tags } = (await response.json()) as { tags?: string[] | null };
  return (tags ?? []).sort();
}
