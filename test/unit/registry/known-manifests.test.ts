import type { IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { knownManifests } from '../../../src/registry/known-manifests.ts';
import { digestOf, parseManifest, type Manifest } from '../../../src/registry/manifest.ts';
import { putManifestEffect } from '../../../src/registry/put-manifest.ts';
import { removeManifestEffect } from '../../../src/registry/remove-manifest.ts';
import { tagEffect } from '../../../src/registry/tag-effect.ts';
import { startFakeRegistry, type FakeRegistry } from './fake-registry.ts';

const TYPE = 'application/vnd.oci.image.manifest.v1+json';

function manifest(name: string): Manifest {
  const config = { mediaType: 'x', digest: `sha256:${name}`, size: 1 };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config, layers: [] }));
  const parsed = parseManifest(bytes, TYPE);
  if (parsed === null) throw new Error('the fixture is not a manifest');
  return parsed;
}

let server: FakeRegistry | null = null;
afterEach(async () => server?.close());

/** A registry that keeps manifests, and the effects on it. */
async function start() {
  const kept = new Map([[`/v2/slipway-staging/a/b/manifests/${IMAGE.digest}`, Buffer.from(IMAGE.bytes)]]);
  const read = async (request: IncomingMessage) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };
  server = await startFakeRegistry((request, response) => {
    void read(request).then((body) => {
      const url = request.url ?? '';
      if (request.method === 'PUT') kept.set(url, body);
      const there = kept.get(url);
      if (request.method === 'DELETE') kept.delete(url);
      if (there === undefined) return response.writeHead(404).end();
      const headers = { 'content-type': TYPE, 'docker-content-digest': digestOf(there) };
      return response.writeHead(200, headers).end(request.method === 'GET' ? there : undefined);
    });
  });
  const { host, requests } = server;
  const access = { loginOf: async () => null, isInsecure: () => true, known: knownManifests() };
  const record = { whyKept: async () => null, removed: async () => undefined };
  const { signal } = new AbortController();
  const image = { repository: `${host}/a/b`, digest: IMAGE.digest };
  return {
    kept,
    put: () => putManifestEffect(access)({ ...image, fresh: true }, '', signal),
    remove: () => removeManifestEffect(access, record)(image, '', signal),
    tag: (more: object = {}) => tagEffect(access)({ ...image, tags: ['main'], ...more }, '', signal),
    takeLines: () => requests.splice(0).map(({ line }) => line),
  };
}

const IMAGE = manifest('one');

test('a tag is set with the bytes that were put, and no other look at the digest', async () => {
  const { kept, put, tag, takeLines } = await start();
  await put();
  takeLines();
  await tag();
  expect(takeLines()).toEqual(['HEAD /v2/a/b/manifests/main', 'PUT /v2/a/b/manifests/main']);
  expect(kept.get('/v2/a/b/manifests/main')).toEqual(Buffer.from(IMAGE.bytes));
});

test('what was put and taken away again is not tagged', async () => {
  const { kept, put, remove, tag } = await start();
  await put();
  await remove();
  await expect(tag()).rejects.toMatchObject({ code: 'not_found' });
  expect(kept.has('/v2/a/b/manifests/main')).toBe(false);
});

test('what was put into one repository says nothing of another', async () => {
  const { put, tag } = await start();
  await put();
  const repository = `${server?.host ?? ''}/a/c`;
  await expect(tag({ repository })).rejects.toMatchObject({ code: 'not_found' });
});

test('the oldest are forgotten beyond a number of bytes, and one that is put again counts once', () => {
  const all = ['one', 'two', 'six'].map(manifest);
  const size = all[0]?.bytes.length ?? 0;
  const known = knownManifests(2 * size);
  for (const one of [...all, ...all.slice(2), ...all.slice(2)]) known.add('host/a', one);
  expect(all.map(({ digest }) => known.get('host/a', digest)?.config?.digest ?? null)).toEqual([
    null,
    'sha256:two',
    'sha256:six',
  ]);
});
