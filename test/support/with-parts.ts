import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { answers, DEFAULT_ENGINE, startEngine } from '../../src/parts/engine.ts';
import { findBinary } from '../../src/parts/find-binary.ts';
import { freeRanges } from '../../src/parts/free-ranges.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { startRegistry } from '../../src/parts/registry.ts';
import { makeRunFolder } from '../../src/parts/run-folder.ts';
import type { TestParts } from './parts.ts';

/*
 * vitest's global set-up of the projects that use real parts: starts them once for all, names them to the tests by
 * `testParts()` and by the variables that Slipway itself reads, ends them after the last test. They end also when
 * the run is killed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users += 1;
  shared.running ??= start();
  const { parts, stop } = await shared.running;
  project.provide('parts', parts);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.running = null;
    await stop();
  };
}

interface Running {
  readonly parts: TestParts;
  readonly stop: () => Promise<void>;
}

/** vitest loads this file once for each project: what they share is the process. */
const shared = ((globalThis as { slipwayTestParts?: Shared }).slipwayTestParts ??= {
  running: null,
  users: 0,
});

interface Shared {
  running: Promise<Running> | null;
  users: number;
}

async function start(): Promise<Running> {
  const dir = await makeRunFolder('slwt-');
  const [buildNetworks = '', appNetwork = '', testNetworks = ''] = await freeRanges(3);
  const named = process.env['DOCKER_HOST'] || ((await answers(DEFAULT_ENGINE)) ? DEFAULT_ENGINE : null);
  const [engine, redis, registry] = await Promise.all([
    named !== null
      ? null
      : startEngine({
          dir: path.join(dir, 'engine'),
          ranges: [buildNetworks, appNetwork, testNetworks],
          warn: console.warn,
        }),
    startRedis({ dir: path.join(dir, 'redis') }),
    startRegistry({ dir: path.join(dir, 'registry') }),
  ]);
  const parts: TestParts = {
    dockerHost: named ?? engine?.host ?? '',
    ownEngine: engine !== null,
    redisUrl: redis.url,
    registryHost: registry.host,
    chromium: findBinary(['chromium', 'chromium-browser', 'google-chrome']),
    buildNetworks,
    appNetwork,
    testNetworks,
    dir,
  };
  const outerTmp = process.env['TMPDIR'];
  process.env['TMPDIR'] = path.join(dir, 't');
  await mkdir(process.env['TMPDIR'], { mode: 0o711 });
  process.env['DOCKER_HOST'] = parts.dockerHost;
  process.env['REDIS_URL'] = parts.redisUrl;
  process.env['SLIPWAY_REGISTRY'] = parts.registryHost;
  process.env['SLIPWAY_REGISTRY_INSECURE'] = '1';
  return {
    parts,
    stop: async () => {
      await Promise.all([engine?.stop(), redis.stop(), registry.stop()]);
      if (outerTmp === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = outerTmp;
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
