import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry, type RegistryPart } from '../../src/parts/registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { tagImage } from '../../src/registry/tag-image.ts';
import { waitFor } from '../support/wait.ts';
import { startHeldRegistry } from './held-registry.ts';
import { putBlobs, smallManifest, stage } from './put-image.ts';
import { startServerSide, type ServerSide } from './server-side.ts';

let dir: string;
let part: RegistryPart;
let server: ServerSide;
let image = 0;
/** Of the image; another in each test. */
let text: string;

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'registry-test-'));
  part = await startRegistry({ dir });
});
afterAll(async () => {
  await part.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  text = `image ${(image += 1)}`;
  server = await startServerSide(part.host);
});
afterEach(() => server.close());

describe('a staged manifest', () => {
  it('is put by its digest, untagged, and again without harm', async () => {
    const { lease } = await server.claimed();
    const { digest } = await stage(part.host, 'shop/web', lease.open.id, text);
    await putBlobs(part.host, 'shop/web', text);
    expect(await server.put(lease, digest)).toMatchObject({ state: 'done' });
    expect(await server.put(lease, digest, 2)).toMatchObject({ state: 'done' });
    expect(await server.isThere(digest)).toBe(true);
    expect(await server.registry.listTags('shop/web')).toEqual([]);
  });

  it('whose blobs are not there is refused at once, in the words that have the worker bring them', async () => {
    const { lease } = await server.claimed();
    const { digest } = await stage(part.host, 'shop/web', lease.open.id, text);
    expect(await server.put(lease, digest)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/MANIFEST_BLOB_UNKNOWN/) as string,
    });
  });

  it('that another push has taken away is told as that', async () => {
    const { lease } = await server.claimed();
    expect(await server.put(lease, smallManifest(text).digest)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^MANIFEST_UNKNOWN/) as string,
    });
  });
});

describe('a red build’s manifest', () => {
  it('is deleted; a green one’s stays', async () => {
    const green = await server.claimed();
    const kept = await server.pushed(green.lease, text);
    await server.end(green.lease, 'success');
    text += ', red';
    const red = await server.claimed();
    const digest = await server.pushed(red.lease, text);
    await server.end(red.lease, 'failure');
    await waitFor('it is gone', async () => !(await server.isThere(digest)));
    expect(await server.isThere(kept)).toBe(true);
    const ours = [green.lease.open.id, red.lease.open.id];
    await waitFor(
      'nothing is staged',
      async () => !(await server.staged()).some((name) => ours.includes(name)),
    );
  });

  it('stays when it is also a green one’s, or that of a build on its way', async () => {
    const red = await server.claimed();
    const digest = await server.pushed(red.lease, text);
    const next = await server.claimed();
    await server.pushed(next.lease, text);
    await server.end(red.lease, 'failure');
    await waitFor('it was looked at', async () => (await server.effects('remove-manifest')).length === 1);
    await server.outbox.idle();
    expect(await server.effects('remove-manifest')).toEqual(['done: kept: build #2 of shop/web names it']);
    expect(await server.isThere(digest)).toBe(true);
    await server.end(next.lease, 'failure');
    await waitFor('the last one has taken it along', async () => !(await server.isThere(digest)));
  });

  it('stays when it was in the registry before', async () => {
    await putBlobs(part.host, 'shop/web', text);
    await server.registry.putManifest('shop/web', 'by-hand', smallManifest(text));
    const red = await server.claimed();
    const digest = await server.pushed(red.lease, text);
    await server.end(red.lease, 'failure');
    await waitFor('it was looked at', async () => (await server.effects('remove-manifest')).length === 1);
    await server.outbox.idle();
    expect(await server.registry.headManifest('shop/web', 'by-hand')).toBe(digest);
    await server.registry.deleteManifest('shop/web', digest);
  });

  it('is there again for a build that comes to name it while it is being deleted', async () => {
    const held = await startHeldRegistry(part.host);
    await server.close();
    server = await startServerSide(held.host);
    try {
      const red = await server.claimed();
      const digest = await server.pushed(red.lease, text);
      const green = await server.claimed();
      await stage(held.host, 'shop/web', green.lease.open.id, text);
      const deleting = held.holdDelete('shop/web');
      await server.end(red.lease, 'failure');
      const release = await deleting;
      const put = server.pushed(green.lease, text);
      const whether = await Promise.race([put.then(() => 'put'), sleep(300, 'waits')]);
      expect(whether, 'the manifest, while its removal is on the way,').toBe('waits');
      release();
      expect(await put).toBe(digest);
      expect(await server.isThere(digest), 'a deployer may pull it from here on').toBe(true);
      expect(await server.tag(green.lease, digest, 'green')).toMatchObject({ state: 'done' });
      await server.end(green.lease, 'success');
      await server.outbox.idle();
      expect(await server.registry.headManifest('shop/web', 'green')).toBe(digest);
      await server.registry.deleteManifest('shop/web', digest);
    } finally {
      await held.close();
    }
  });

  it('is never missing for a build that pushes the same digest at about that time', async () => {
    for (let round = 0; round < 10; round++) {
      text = `image ${(image += 1)}`;
      const red = await server.claimed();
      const digest = await server.pushed(red.lease, text);
      const green = await server.claimed();
      const pushing = sleep(Math.random() * 60).then(() => server.pushed(green.lease, text));
      const ending = sleep(Math.random() * 60).then(() => server.end(red.lease, 'failure'));
      expect(await pushing).toBe(digest);
      expect(await server.isThere(digest)).toBe(true);
      await ending;
      await server.end(green.lease, 'success');
      await server.outbox.idle();
      expect(await server.isThere(digest)).toBe(true);
    }
  });
});

it('a tag brings its manifest along: one that was deleted in between is there again', async () => {
  await putBlobs(part.host, 'shop/web', text);
  const manifest = smallManifest(text);
  await server.registry.putManifest('shop/web', manifest.digest, manifest);
  const read = Promise.withResolvers<undefined>();
  const interrupted: Registry = {
    ...server.registry,
    getManifest: async (...asked) => {
      const found = await server.registry.getManifest(...asked);
      read.resolve(undefined);
      return found;
    },
    headManifest: async (...asked) => {
      await read.promise;
      await server.registry.deleteManifest('shop/web', manifest.digest);
      return server.registry.headManifest(...asked);
    },
  };
  await tagImage({ registry: interrupted, repository: 'shop/web', digest: manifest.digest, tags: ['back'] });
  expect(await server.registry.headManifest('shop/web', 'back')).toBe(manifest.digest);
  expect(await server.isThere(manifest.digest)).toBe(true);
});
