import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ImagePlan } from '../../src/core/plan.ts';
import { localProcess } from '../../src/processes/local-process.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { findBuildClient, type BuildClient } from '../../worker/image/build-client.ts';
import { TAKEN_AWAY } from '../../worker/image/build-failure.ts';
import { buildImage, type BuildImage, type BuildImageResult } from '../../worker/image/build-image.ts';
import { buildRepository, removeBuildImages } from '../../worker/image/remove-build-images.ts';
import { scratchPrefix } from '../../worker/image/scratch.ts';
import { clearLeftovers } from '../../worker/workflow/clear-leftovers.ts';
import { startMuteProxy } from '../engine/mute-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { BASE, keepLog, testEngine, writeContext } from './small-repository.ts';

const engine = testEngine();
let client: BuildClient;
let buildId: string;
let directory: string;
let log: ReturnType<typeof keepLog>;

beforeAll(async () => {
  const found = await findBuildClient();
  if (found.client === null) throw new Error(JSON.stringify(found.skipped));
  client = found.client;
});
afterAll(() => engine.close());
beforeEach(() => {
  buildId = `bld_${randomUUID().slice(0, 8)}`;
  log = keepLog();
});
afterEach(async () => {
  await removeBuildImages(engine, buildRepository(buildId));
  rmSync(directory, { recursive: true, force: true });
});

const plan = (more: Partial<ImagePlan> = {}): ImagePlan => ({
  dockerfile: 'Dockerfile',
  context: '.',
  target: null,
  testTarget: null,
  args: {},
  secrets: [],
  ...more,
});
const build = (imagePlan: ImagePlan = plan(), more: Partial<BuildImage> = {}): Promise<BuildImageResult> =>
  buildImage({
    client,
    engine,
    directory,
    plan: imagePlan,
    secrets: {},
    args: {},
    tag: `${buildRepository(buildId)}:image`,
    registries: {},
    caBundle: null,
    log,
    signal: new AbortController().signal,
    ...more,
  });
const run = async (imageId: string, ...command: readonly string[]): Promise<string> => {
  const container = await engine.docker.createContainer({ Image: imageId, Cmd: [...command], Tty: true });
  try {
    const output = await container.attach({ stream: true, stdout: true });
    const chunks: Buffer[] = [];
    output.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve) => output.on('end', resolve));
    await container.start();
    await ended;
    return Buffer.concat(chunks).toString('utf8').trim();
  } finally {
    await container.remove({ force: true });
  }
};

test('ends as an error when the remote engine falls silent, long before its own timeout', async () => {
  const proxy = await startMuteProxy(engine.host);
  const remote = connectEngine(proxy.host, {}, 2_000);
  try {
    directory = writeContext({ Dockerfile: `${BASE}RUN echo begun ${randomUUID()}; sleep 60\n` });
    const building = build(plan({ timeoutMs: 40_000 }), { engine: remote });
    await waitFor('the build runs', () => log.text().includes('begun'));
    const muteMs = Date.now();
    proxy.mute();
    expect(await building).toEqual({
      outcome: { status: 'error', reason: 'engine connection lost', code: 'engine_lost', exitCode: null },
      image: null,
    });
    expect(Date.now() - muteMs).toBeLessThan(20_000);
  } finally {
    remote.close();
    proxy.close();
  }
});

test('builds the image, names it by Id, and takes every unchanged step from the cache the next time', async () => {
  const nonce = randomUUID();
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${nonce} > /made\nCOPY a /a\n`, a: 'one' });
  const cold = await build();
  expect(cold.outcome).toEqual({ status: 'success', reason: null, exitCode: null });
  expect(cold.image).toMatchObject({ layers: 4, totalSteps: 4, testImageId: cold.image?.imageId });
  expect(cold.image?.sizeBytes).toBeGreaterThan(1_000_000);
  expect(await run(cold.image?.imageId ?? '', 'cat', '/made', '/a')).toBe(`${nonce}\r\none`);
  expect(log.text()).toContain('RUN echo');

  writeFileSync(path.join(directory, 'a'), 'two');
  const warm = await build();
  expect(warm.image).toMatchObject({ cachedSteps: 3, totalSteps: 4 });
  const same = await build();
  expect(same.image).toMatchObject({ cachedSteps: 4, imageId: warm.image?.imageId });
});

test('builds a test target beside what ships, on the same cache', async () => {
  directory = writeContext({
    Dockerfile: `${BASE}RUN echo ${randomUUID()} > /made\nFROM base AS test\nRUN echo tested > /tested\nFROM base AS ship\nRUN echo ships > /ships\n`,
  });
  const { image } = await build(plan({ target: 'ship', testTarget: 'test' }));
  expect(image?.testImageId).not.toBe(image?.imageId);
  expect(await run(image?.testImageId ?? '', 'cat', '/tested')).toBe('tested');
  expect(await run(image?.imageId ?? '', 'cat', '/ships')).toBe('ships');
});

test('mounts secrets: the command can read them, no layer, history or file on this disk has them', async () => {
  const secret = `s3cret-${randomUUID()}`;
  directory = writeContext({
    Dockerfile: `${BASE}RUN --mount=type=secret,id=npm_token sha256sum /run/secrets/npm_token > /sum; echo ${randomUUID()}\n`,
  });
  const { image, outcome } = await build(plan({ secrets: ['npm_token'] }), {
    secrets: { npm_token: secret },
  });
  expect(outcome.status).toBe('success');
  expect(await run(image?.imageId ?? '', 'cat', '/sum')).toContain(
    createHash('sha256').update(secret).digest('hex'),
  );
  const history = JSON.stringify(await engine.docker.getImage(image?.imageId ?? '').history());
  expect(history + log.text()).not.toContain(secret);
  expect(scratchFolders()).toEqual([]);
});

test('takes a command from the cache though its secret has changed, and runs it again for another argument above it', async () => {
  const command = 'sha256sum /run/secrets/npm_token > /sum';
  directory = writeContext({
    Dockerfile: `${BASE}ARG TOKEN_VERSION\nRUN --mount=type=secret,id=npm_token ${command}; echo ${randomUUID()}\n`,
  });
  const sumWith = async (npm_token: string, version: string) => {
    const secrets = { npm_token };
    const { image } = await build(plan({ secrets: ['npm_token'] }), {
      secrets,
      args: { TOKEN_VERSION: version },
    });
    return run(image?.imageId ?? '', 'cat', '/sum');
  };
  const old = await sumWith('old', '1');
  expect(await sumWith('new', '1')).toBe(old);
  expect(await sumWith('new', '2')).not.toBe(old);
});

test('refuses to build without a secret that the file asks for', async () => {
  directory = writeContext({ Dockerfile: BASE });
  const { image, outcome } = await build(plan({ secrets: ['npm_token'] }));
  expect([image, outcome.status]).toEqual([null, 'failure']);
  expect(outcome.reason).toBe('The secret npm_token is not set in this project.');
  expect(outcome.code).toBe('secret_missing');
});

test('passes build arguments', async () => {
  directory = writeContext({ Dockerfile: `${BASE}ARG VERSION\nRUN echo "v$VERSION" > /version\n` });
  const { image } = await build(plan({ args: { VERSION: '1.4' } }));
  expect(await run(image?.imageId ?? '', 'cat', '/version')).toBe('v1.4');
});

test('ends as a failure with the exit code and the output of the command that failed', async () => {
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${randomUUID()}; echo went wrong; exit 3\n` });
  const { image, outcome } = await build();
  expect(image).toBeNull();
  expect(outcome).toMatchObject({ status: 'failure', exitCode: 3 });
  expect(log.text()).toMatch(/went wrong/);
  expect(scratchFolders()).toEqual([]);
});

test('says which file is missing', async () => {
  directory = writeContext({ Dockerfile: BASE });
  expect((await build(plan({ dockerfile: 'docker/Dockerfile' }))).outcome).toMatchObject({
    status: 'failure',
    reason: 'There is no docker/Dockerfile in this commit.',
  });
});

test('refuses a context outside of the repository', async () => {
  directory = writeContext({ Dockerfile: BASE });
  const { outcome } = await build(plan({ context: '../' }));
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: '../ leads out of the repository.',
    code: 'build_file_missing',
  });
});

test('ends as an error when the engine cannot be reached', async () => {
  directory = writeContext({ Dockerfile: BASE });
  const host = `unix://${path.join(directory, 'no.sock')}`;
  const { outcome } = await build(plan(), { engine: { ...engine, host } });
  expect(outcome.status).toBe('error');
});

test('stops the engine working within two seconds after a cancel', async () => {
  const seconds = String(1_000_000 + Math.floor(Math.random() * 1_000_000));
  directory = writeContext({ Dockerfile: `${BASE}RUN sleep ${seconds}\n` });
  const controller = new AbortController();
  const result = build(plan(), { signal: controller.signal });
  await expect.poll(() => sleeping(seconds), { timeout: 20_000 }).toBe(true);
  const startedMs = Date.now();
  controller.abort();
  expect((await result).outcome.status).toBe('cancelled');
  await expect.poll(() => sleeping(seconds), { timeout: 2_000, interval: 20 }).toBe(false);
  expect(Date.now() - startedMs).toBeLessThan(2_000);
  expect(scratchFolders()).toEqual([]);
});

test('removes what was built under one lease and keeps what another has, be it the same image', async () => {
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${randomUUID()} > /made\n` });
  const mine = await build();
  const other = `${buildId}-other`;
  const theirs = await build(plan(), { tag: `${buildRepository(other)}:image` });
  expect(theirs.image?.imageId).toBe(mine.image?.imageId);
  expect(await removeBuildImages(engine, buildRepository(buildId))).toBe(0);
  expect(await removeBuildImages(engine, buildRepository(buildId))).toBe(0);
  await engine.docker.getImage(theirs.image?.imageId ?? '').inspect();
  expect(await removeBuildImages(engine, buildRepository(other))).toBe(0);
  await expect(engine.docker.getImage(mine.image?.imageId ?? '').inspect()).rejects.toThrow(/no such image/i);
  const again = await build();
  expect(again.image?.cachedSteps).toBe(again.image?.totalSteps);
});

test('builds again when the engine takes the image away that it has just named', async () => {
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${randomUUID()} > /made\n` });
  let taken = 0;
  const takenAway = (times: number): Partial<BuildImage> => ({
    engine: {
      ...engine,
      inspectImage: async (reference) => {
        if (taken++ < times) await engine.docker.getImage(reference).remove({ force: true });
        return engine.inspectImage(reference);
      },
    },
  });
  const { outcome, image } = await build(plan(), takenAway(1));
  expect(outcome.status).toBe('success');
  expect(await engine.inspectImage(image?.imageId ?? '')).not.toBeNull();
  expect(log.text()).toContain('at this moment; building it again');

  taken = 0;
  expect(await build(plan(), takenAway(Infinity))).toEqual({ outcome: TAKEN_AWAY, image: null });
  expect(taken).toBe(3);
});

test('forgets no image that a container still uses', async () => {
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${randomUUID()} > /made\n` });
  const { image } = await build();
  const container = await engine.docker.createContainer({ Image: image?.imageId ?? '', Cmd: ['true'] });
  const owner = { isLeaseAlive: () => false, holdsName: async () => true };
  const checkouts = mkdtempSync(path.join(tmpdir(), 'image-test-'));
  mkdirSync(path.join(checkouts, buildId));
  expect(await clearLeftovers(engine, checkouts, owner)).toBe(0);
  expect(readdirSync(checkouts)).toEqual([buildId]);
  await container.remove();
  expect(await clearLeftovers(engine, checkouts, owner)).toBe(1);
  expect(readdirSync(checkouts)).toEqual([]);
  await expect(engine.docker.getImage(image?.imageId ?? '').inspect()).rejects.toThrow(/no such image/i);
  rmSync(checkouts, { recursive: true });
});

test('ends the client of a killed worker before it removes what that one has left', async () => {
  const seconds = String(1_000_000 + Math.floor(Math.random() * 1_000_000));
  directory = writeContext({ Dockerfile: `${BASE}RUN sleep ${seconds}\n` });
  const left = spawn(client.command, ['build', '-t', `${buildRepository(buildId)}:image`, directory], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, DOCKER_BUILDKIT: '1', DOCKER_HOST: engine.host },
  });
  await expect.poll(() => sleeping(seconds), { timeout: 20_000 }).toBe(true);
  const checkouts = mkdtempSync(path.join(tmpdir(), 'image-test-'));
  mkdirSync(path.join(checkouts, buildId));
  await clearLeftovers(engine, checkouts, { isLeaseAlive: () => false, holdsName: async () => true });
  expect(left.signalCode ?? (await once(left, 'exit'))[1]).toBe('SIGKILL');
  await expect.poll(() => sleeping(seconds), { timeout: 5_000 }).toBe(false);
  expect(readdirSync(checkouts)).toEqual([]);
  rmSync(checkouts, { recursive: true });
});

test('gives its image no label of ours, which every container of it would have', async () => {
  directory = writeContext({ Dockerfile: `${BASE}RUN echo ${randomUUID()} > /made\n` });
  const { image } = await build();
  const { Config } = await engine.docker.getImage(image?.imageId ?? '').inspect();
  expect(
    Object.keys((Config.Labels as Record<string, string> | null) ?? {}).filter((name) =>
      name.startsWith('slipway.'),
    ),
  ).toEqual([]);
});

/** What this process has left of secrets and client configurations. */
function scratchFolders(): readonly string[] {
  return ['/dev/shm', tmpdir()].flatMap((parent) =>
    readdirSync(parent).filter((name) => name.startsWith(scratchPrefix(localProcess()))),
  );
}

/** Whether some process of this machine sleeps for so long: a build's command runs on the engine's host. */
function sleeping(seconds: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${seconds}\0`;
      } catch {
        return false;
      }
    });
}
