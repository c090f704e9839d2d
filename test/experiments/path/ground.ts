import { rm } from 'node:fs/promises';
import path from 'node:path';
import { startEngine, type EnginePart } from '../../../src/parts/engine.ts';
import { freeRanges, giveBack } from '../../../src/parts/free-ranges.ts';
import type { RedisPart } from '../../../src/parts/redis.ts';
import type { RegistryPart } from '../../../src/parts/registry.ts';
import { makeRunFolder } from '../../../src/parts/run-folder.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { busyboxImage } from '../../support/images.ts';
import { startSystem, type System } from '../../support/system.ts';
import { openWay, type Way } from './way.ts';

/** The whole product on parts of its own, each of which may be killed: also the engine. */
export interface Ground {
  readonly system: System;
  readonly host: GitHost;
  readonly dockerHost: string;
  /** Between everybody and the registry. */
  readonly registryWay: Way;
  redis: RedisPart;
  registry: RegistryPart;
  readonly engine: EnginePart;
  /** Starts it again after its end. */
  startEngine(): Promise<void>;
  stop(): Promise<void>;
}

export async function startGround(): Promise<Ground> {
  const dir = await makeRunFolder('slwc-');
  const ranges = await freeRanges(2);
  const [buildNetworks = '', appNetwork = ''] = ranges;
  const options = { dir: path.join(dir, 'engine'), ranges };
  let engine = await startEngine(options);
  await busyboxImage(engine.host);
  const host = await startGitHost();
  let registryHost = '';
  const registryWay = await openWay(() => registryHost);
  const env = { SLIPWAY_REGISTRY: registryWay.host };
  const system = await startSystem({ dockerHost: engine.host, buildNetworks, appNetwork, capacity: 3, env });
  registryHost = system.registry.host;
  const ground: Ground = {
    system,
    host,
    dockerHost: engine.host,
    registryWay,
    redis: system.redis,
    registry: system.registry,
    get engine() {
      return engine;
    },
    startEngine: async () => {
      engine = await startEngine(options);
    },
    stop: async () => {
      await system.stop();
      await Promise.all([ground.redis.stop(), ground.registry.stop(), host.close(), registryWay.close()]);
      await engine.stop();
      giveBack(ranges);
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return ground;
}
