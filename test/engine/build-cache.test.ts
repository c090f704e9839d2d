import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../worker/engine/engine.ts';
import { findBuildClient } from '../../worker/image/build-client.ts';
import { boundBuildCache, engineBuildCache } from '../../worker/image/bound-build-cache.ts';
import { testParts } from '../support/parts.ts';
import { ORDINARY, importBusyboxImage, sharedEngine } from './support.ts';

const BASE = 'slipway-test-cache:base';
const BUILT = 'slipway-test-cache:built';
const MIB = 1024 ** 2;

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = sharedEngine();
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-cache-'));
  await importBusyboxImage(engine, BASE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(BASE).remove({ force: true });
  engine.close();
  await rm(folder, { recursive: true });
});

// An engine that others use has their cache.
it.skipIf(!testParts().ownEngine)(
  'brings the build cache of the engine down to its bound, and no further',
  async () => {
    await writeFile(path.join(folder, 'large'), Buffer.alloc(8 * MIB, 'x'));
    await writeFile(path.join(folder, 'Dockerfile'), `FROM ${BASE}\nCOPY large /large\n`);
    const { client } = await findBuildClient();
    const verb = client?.kind === 'buildx' ? ['buildx', 'build', '--load'] : ['build'];
    await promisify(execFile)(client?.command ?? 'docker', [...verb, '-q', '-t', BUILT, folder], {
      env: { ...process.env, DOCKER_BUILDKIT: '1', DOCKER_HOST: engine.host },
    });
    await engine.docker.getImage(BUILT).remove({ force: true });
    const cache = engineBuildCache(engine.docker);
    const before = await cache.usedBytes();
    expect(before).toBeGreaterThan(8 * MIB);

    expect(await boundBuildCache({ cache, keepBytes: before, isIdle: () => true, pauseMs: 0 })).toBe(0);
    expect(await cache.usedBytes()).toBe(before);
    const keepBytes = 4 * MIB;
    expect(
      await boundBuildCache({ cache, keepBytes, isIdle: () => true, pauseMs: 0 }),
    ).toBeGreaterThanOrEqual(8 * MIB);
    expect(await cache.usedBytes()).toBeLessThanOrEqual(keepBytes);
  },
);
