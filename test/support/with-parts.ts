import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { answers, DEFAULT_ENGINE, startEngine } from '../../src/parts/engine.ts';
import { findBinary } from '../../src/parts/find-binary.ts';
import { freeRanges } from '../../src/parts/free-ranges.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { startRegistry } from '../../src/parts/registry.ts';
import { makeRunFolder } from '../../src/parts/run-folder.ts';
import { LANES } from './lanes.ts';
import type { TestParts } from './parts.ts';

/*
 * vitest's global set-up of the projects that use real parts: starts them once for all, for each lane its own, and ends
 * them after the last test. They end also when the run is killed. Tests have them by `testParts()` and by the
 * variables that `use-lane.ts` sets.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users += 1;
  shared.running ??= start();
  const { lanes, stop } = await shared.running;
  project.provide('parts', lanes);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.running = null;
    await stop();
  };
}

interface Running {
  readonly lanes: readonly TestParts[];
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
  const named = process.env['DOCKER_HOST'] || ((await answers(DEFAULT_ENGINE)) ? DEFAULT_ENGINE : null);
  const lanes: Lane[] = [];
  // One after the other: a range is taken when something is in it.
  for (let lane = 1; lane <= LANES; lane += 1) lanes.push(await startLane(path.join(dir, `${lane}`), named));
  const outerTmp = process.env['TMPDIR'];
  process.env['TMPDIR'] = path.join(dir, 't');
  await mkdir(process.env['TMPDIR'], { mode: 0o711 });
  return {
    lanes: lanes.map(({ parts }) => parts),
    stop: async () => {
      await Promise.all(lanes.map(({ stop }) => stop()));
      if (outerTmp === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = outerTmp;
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Lane {
  readonly parts: TestParts;
  readonly stop: () => Promise<unknown>;
}

/** @param named The engine to use, as DOCKER_HOST; null for one of the lane's own. */
async function startLane(dir: string, named: string | null): Promise<Lane> {
  await mkdir(dir, { mode: 0o711 });
  const [buildNetworks = '', appNetwork = '', testNetworks = ''] = await freeRanges(3);
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
  return {
    parts: {
      dockerHost: named ?? engine?.host ?? '',
      ownEngine: engine !== null,
      redisUrl: redis.url,
      registryHost: registry.host,
      chromium: findBinary(['chromium', 'chromium-browser', 'google-chrome']),
      buildNetworks,
      appNetwork,
      testNetworks,
      dir,
    },
    stop: () => Promise.all([engine?.stop(), redis.stop(), registry.stop()]),
  };
}
