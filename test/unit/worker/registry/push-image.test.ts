import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { Problem } from '../../../../src/core/problem.ts';
import { parseManifest, type Manifest } from '../../../../src/registry/manifest.ts';
import type { Registry } from '../../../../src/registry/registry.ts';
import { pushImage, type PushImage, type PushImageResult } from '../../../../worker/registry/push-image.ts';
import { startFakeEngine, type FakeEngine } from './fake-engine.ts';

const CONFIG = `sha256:${'c'.repeat(64)}`;
const LAYERS = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];
const DIFF_IDS = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];

function manifestOf(config: string): Manifest {
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const blob = (digest: string, size: number): object => ({ mediaType: 'x', digest, size });
  const layers = LAYERS.map((digest, index) => blob(digest, 1_000 * (index + 1)));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: blob(config, 10), layers }),
  );
  const manifest = parseManifest(bytes, null);
  if (manifest === null) throw new Error('the fixture is not a manifest');
  return manifest;
}
const MANIFEST = manifestOf(CONFIG);

/** A registry in memory: repository → what it holds. */
function fakeRegistry(more: Partial<Registry> = {}): Registry & { readonly held: Map<string, Set<string>> } {
  const held = new Map<string, Set<string>>([['slipway-staging/a/b', new Set([MANIFEST.digest])]]);
  const of = (repository: string): Set<string> => {
    const set = held.get(repository) ?? new Set<string>();
    held.set(repository, set);
    return set;
  };
  return {
    held,
    host: 'registry.test',
    ping: () => Promise.resolve(),
    getManifest: async (repository, digest) => (of(repository).has(digest) ? MANIFEST : null),
    listTags: () => Promise.resolve([]),
    headManifest: async (repository, digest) => (of(repository).has(digest) ? digest : null),
    putManifest: async (repository, _reference, { digest }) => void of(repository).add(digest),
    deleteManifest: async (repository, digest) => of(repository).delete(digest),
    hasBlob: async (repository, digest) => of(repository).has(digest),
    mountBlob: async (repository, digest) => of(repository).add(digest).size > 0,
    copyBlob: () => Promise.reject(new Error('nothing is copied here')),
    ...more,
  };
}

let engine: FakeEngine;
afterEach(() => engine.close());

const said: string[] = [];
async function push(
  onPush: (response: ServerResponse, number: number) => void,
  registry: Registry = fakeRegistry(),
  put: PushImage['put'] = (digest) => putFromStaging(registry, digest),
  idleMs = 60_000,
): Promise<PushImageResult> {
  engine = await startFakeEngine({
    inspect: { Id: CONFIG, Config: {}, RootFS: { Layers: DIFF_IDS } },
    onPush,
  });
  said.length = 0;
  return pushImage({
    engine,
    imageId: CONFIG,
    leaseId: 'lea_1',
    registry,
    repository: 'a/b',
    credentials: null,
    idleMs,
    put,
    onPushed: () => Promise.resolve(),
    log: { write: () => Promise.resolve(), say: async (line) => void said.push(line), end: async () => 0 },
    signal: new AbortController().signal,
  });
}
/** As the server does it. */
async function putFromStaging(registry: Registry, digest: string): Promise<void> {
  const staged = await registry.getManifest('slipway-staging/a/b', digest);
  if (staged !== null) return registry.putManifest('a/b', digest, staged);
  if ((await registry.headManifest('a/b', digest)) === null) throw refused('MANIFEST_UNKNOWN it is gone');
}
function refused(cause: string): Problem {
  return new Problem('registry_failed', { host: 'registry.test', status: 'an error', request: 'put', cause });
}
const stream = (response: ServerResponse, ...messages: readonly object[]): void => {
  response.writeHead(200).end(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
};
const done = { progressDetail: {}, aux: { Tag: 'lea_1', Digest: MANIFEST.digest, Size: 1 } };
const layer = (index: number, status: string): object => ({ id: DIFF_IDS[index]?.slice(7, 19), status });

test('counts a layer as moved unless the engine says that the registry had it', async () => {
  const { image } = await push((response) =>
    stream(
      response,
      layer(0, 'Mounted from slipway-staging/other'),
      layer(1, 'Pushing'),
      layer(1, 'Pushed'),
      done,
    ),
  );
  expect(image).toEqual({
    repository: 'registry.test/a/b',
    digest: MANIFEST.digest,
    bytesPushed: 2_010,
    bytesReused: 1_000,
  });
});

test('takes a push as failed that says so inside of a 200, after other words', async () => {
  const { outcome } = await push((response) =>
    stream(response, layer(0, 'Pushed'), { errorDetail: { message: 'denied: no' }, error: 'denied: no' }),
  );
  expect(outcome).toMatchObject({ status: 'error' });
  expect(outcome.reason).toContain('denied: no');
  expect(engine.requests.filter((line) => line.endsWith('/push'))).toHaveLength(1);
});

test('pushes again after a failure that may pass', async () => {
  const { outcome } = await push((response, number) =>
    stream(response, number === 1 ? { error: 'received unexpected HTTP status: 500' } : done),
  );
  expect(outcome.status).toBe('success');
  expect(said.join('\n')).toContain('received unexpected HTTP status: 500');
});

test('takes a push as failed whose stream breaks off', async () => {
  const broken = await push((response) => {
    response.writeHead(200).write(`${JSON.stringify(layer(0, 'Pushed'))}\n`, () => response.destroy());
  });
  expect(broken.image).toBeNull();
  expect(broken.outcome.reason).toMatch(/the engine broke the push off/);
});

test('gives a push up in which nothing moves, tried as often as others, and names registry and limit', async () => {
  const { image, outcome } = await push(
    (response, number) => {
      // Of an engine that has told nothing at all, and of one whose upload has come to a stand.
      if (number > 1) response.writeHead(200).write(`${JSON.stringify(layer(0, 'Pushing'))}\n`);
    },
    undefined,
    undefined,
    100,
  );
  expect(image).toBeNull();
  expect(outcome.status).toBe('error');
  expect(outcome.reason).toBe(
    `The registry registry.test answered an error to push slipway-staging/a/b:lea_1: no byte has moved, in either direction, within 0.1 s.`,
  );
  expect(engine.requests.filter((line) => line.endsWith('/push'))).toHaveLength(3);
});

test('waits for a push that is slow but alive', async () => {
  const { outcome } = await push(
    (response) => {
      response.writeHead(200);
      let parts = 0;
      const timer = setInterval(() => {
        response.write(`${JSON.stringify(layer(0, 'Pushing'))}\n`);
        if ((parts += 1) < 8) return;
        clearInterval(timer);
        response.end(`${JSON.stringify(done)}\n`);
      }, 100);
    },
    undefined,
    undefined,
    400,
  );
  expect(outcome.status).toBe('success');
});

test('refuses what was pushed when its configuration is not the tested image', async () => {
  const other = manifestOf(`sha256:${'d'.repeat(64)}`);
  const registry = fakeRegistry({ getManifest: () => Promise.resolve(other) });
  const { outcome } = await push((response) => stream(response, done), registry);
  expect(outcome.reason).toMatch(/has digest sha256:d+, not sha256:c+/);
  expect([...(registry.held.get('a/b') ?? [])]).toEqual([]);
});

test('takes the manifest in its place when another push of it has taken the staged one away', async () => {
  const registry = fakeRegistry();
  registry.held.set('slipway-staging/a/b', new Set());
  registry.held.set('a/b', new Set([MANIFEST.digest]));
  const { outcome } = await push((response) => stream(response, done), registry);
  expect(outcome.status).toBe('success');
});

test('pushes again when the staged manifest was taken away and none is in its place', async () => {
  const registry = fakeRegistry();
  registry.held.set('slipway-staging/a/b', new Set());
  const { outcome } = await push((response, number) => {
    if (number === 2) registry.held.get('slipway-staging/a/b')?.add(MANIFEST.digest);
    stream(response, done);
  }, registry);
  expect(outcome.status).toBe('success');
  expect(registry.held.get('a/b')).toContain(MANIFEST.digest);
});

test('has a manifest named that is there already, and says that it is not fresh', async () => {
  const registry = fakeRegistry();
  registry.held.set('a/b', new Set([MANIFEST.digest]));
  const asked: unknown[] = [];
  const { outcome } = await push(
    (response) => stream(response, done),
    registry,
    async (...put) => void asked.push(put),
  );
  expect(outcome.status).toBe('success');
  expect(asked).toEqual([[MANIFEST.digest, false]]);
});

test('pushes again when the manifest is taken away before it is put', async () => {
  let puts = 0;
  const registry = fakeRegistry();
  const { outcome } = await push(
    (response) => stream(response, done),
    registry,
    async (digest) => {
      puts += 1;
      if (puts === 1) throw refused('MANIFEST_UNKNOWN it is gone');
      await putFromStaging(registry, digest);
    },
  );
  expect(outcome.status).toBe('success');
  expect(engine.requests.filter((line) => line.endsWith('/push'))).toHaveLength(2);
});

test('mounts and puts again what a registry has missed for a moment', async () => {
  let puts = 0;
  const registry = fakeRegistry();
  const { outcome } = await push(
    (response) => stream(response, done),
    registry,
    async (digest) => {
      puts += 1;
      if (puts === 1) throw refused('MANIFEST_BLOB_UNKNOWN blob unknown to registry');
      await putFromStaging(registry, digest);
    },
  );
  expect([outcome.status, puts]).toEqual(['success', 2]);
  expect(engine.requests.filter((line) => line.endsWith('/push'))).toHaveLength(1);
});

test('has nothing put that is not the tested image', async () => {
  const other = manifestOf(`sha256:${'d'.repeat(64)}`);
  const registry = fakeRegistry({ getManifest: () => Promise.resolve(other) });
  const asked: string[] = [];
  await push(
    (response) => stream(response, done),
    registry,
    async (digest) => void asked.push(digest),
  );
  expect(asked).toEqual([]);
});

test('leaves nothing staged, neither after a success nor after a failure', async () => {
  for (const last of [done, { error: 'denied: no' }]) {
    const registry = fakeRegistry();
    await push((response) => stream(response, done, last), registry);
    expect(engine.requests.at(-1)).toMatch(/^DELETE \/images\/registry\.test\/slipway-staging\/a\/b:lea_1$/);
    await engine.close();
  }
});
