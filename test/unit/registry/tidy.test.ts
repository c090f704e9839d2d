import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { knownManifests } from '../../../src/registry/known-manifests.ts';
import { clearStagingEffect } from '../../../src/registry/clear-staging.ts';
import { refusalOf } from '../../../src/registry/open-named.ts';
import { openRegistry } from '../../../src/registry/registry.ts';
import { removeManifestEffect } from '../../../src/registry/remove-manifest.ts';
import { startFakeRegistry, type FakeRegistry, type Handler } from './fake-registry.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const access = { loginOf: async () => null, isInsecure: () => true, known: knownManifests() };
const signal = new AbortController().signal;

let server: FakeRegistry;
afterEach(() => server.close());

async function start(handler: Handler): Promise<void> {
  server = await startFakeRegistry(handler);
}
const lines = (): readonly string[] => server.requests.map(({ line }) => line);
const tagsOf = (repository: string) =>
  openRegistry({ host: server.host, insecure: true, credentials: null }).listTags(repository);

describe('the tags of a repository', () => {
  test('are read page by page', async () => {
    await start((request, response) => {
      const more = request.url?.includes('last=b') !== true;
      const link = { link: '</v2/a/b/tags/list?last=b&n=2>; rel="next"' };
      response.writeHead(200, more ? link : {}).end(JSON.stringify({ tags: more ? ['a', 'b'] : ['c'] }));
    });
    expect(await tagsOf('a/b')).toEqual(['a', 'b', 'c']);
  });

  test('are none where there is no repository, or none is left in it', async () => {
    await start((request, response) => {
      if (request.url?.includes('gone') === true) response.writeHead(404).end();
      else response.writeHead(200).end(JSON.stringify({ name: 'a/b', tags: null }));
    });
    expect([await tagsOf('gone'), await tagsOf('a/b')]).toEqual([[], []]);
  });

  test('end somewhere', async () => {
    await start((_, response) =>
      response.writeHead(200, { link: '</v2/a/b/tags/list>; rel="next"' }).end('{"tags":["a"]}'),
    );
    expect((await tagsOf('a/b')).length).toBe(1_000);
  });
});

describe('a registry that will not delete', () => {
  const clear = (ended: readonly string[]) =>
    clearStagingEffect(access, async () => new Set(ended))({ repository: `${server.host}/a/b` }, '', signal);

  test.each([400, 403, 404, 405])('is believed when it answers %i', async (status) => {
    await start((request, response) => {
      if (request.method === 'DELETE') response.writeHead(status).end();
      else if (request.method === 'HEAD') response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
      else response.writeHead(200).end('{"tags":["lea_1","lea_2"]}');
    });
    const outcome = await clear(['lea_1', 'lea_2']);
    expect(outcome).toMatchObject({ state: 'failed' });
    expect(JSON.stringify(outcome)).toContain(`answered ${status} to DELETE`);
    expect(lines().filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
  });

  test('is asked again when it may only be out of order', async () => {
    await start((_, response) => response.writeHead(401).end());
    expect(await clear([])).toMatchObject({ state: 'failed' });
    const problem = (status: number | string) =>
      new Problem('registry_failed', { host: 'h', status, request: 'r', cause: 'c' });
    const final = [500, 502, 503, 429, 408, 'nothing', 400, 401, 403, 404, 405, 501].filter(
      (status) => refusalOf(problem(status)) !== null,
    );
    expect(final).toEqual([400, 401, 403, 404, 405, 501]);
    expect(refusalOf(new Error('403'))).toBeNull();
  });
});

describe('a manifest that the record keeps', () => {
  test('is not touched in the registry', async () => {
    await start((_, response) => response.writeHead(500).end());
    const removed: unknown[] = [];
    const remove = removeManifestEffect(access, {
      whyKept: async () => 'build #7 names it',
      removed: async (manifest) => void removed.push(manifest),
    });
    const payload = { repository: `${server.host}/a/b`, digest: DIGEST };
    expect(await remove(payload, '', signal)).toEqual({ state: 'done', detail: 'kept: build #7 names it' });
    expect([lines(), removed]).toEqual([[], []]);
  });

  test('is forgotten when it is not there any more', async () => {
    await start((_, response) => response.writeHead(404).end());
    const removed: unknown[] = [];
    const remove = removeManifestEffect(access, {
      whyKept: async () => null,
      removed: async (manifest) => void removed.push(manifest),
    });
    const payload = { repository: `${server.host}/a/b`, digest: DIGEST };
    expect(await remove(payload, '', signal)).toEqual({ state: 'done', detail: 'it was gone already' });
    expect(removed).toEqual([payload]);
  });
});
