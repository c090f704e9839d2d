import path from 'node:path';
import type { PartsSettings } from '../../config/settings.ts';
import { installationOf } from '../backup/installation.ts';
import { answers, DEFAULT_ENGINE, ownEngineHost } from '../parts/engine.ts';
import { PART_FOLDERS } from '../parts/ensure-parts.ts';
import { ownRedisUrl } from '../parts/redis.ts';
import { ownRegistryHost } from '../parts/registry.ts';
import type { Check } from './check.ts';
import { checkCollector } from './collector.ts';
import { checkDataFolder } from './data-folder.ts';
import { checkDatabase } from './database.ts';
import { checkBuildClient, checkEngine } from './engine.ts';
import { checkGit } from './git.ts';
import { checkKey } from './key.ts';
import { checkRedis } from './redis.ts';
import { checkRegistry } from './registry.ts';
import { checkRouter } from './router.ts';
import { checkServer } from './server.ts';

/**
 * Everything that is looked at, in the order in which one thing needs the one before it. What the settings do not name
 * is looked for where `npm start` starts it.
 */
export function allChecks(settings: PartsSettings, token: string | null): readonly Check[] {
  const installation = installationOf(settings);
  const own = (name: keyof typeof PART_FOLDERS): string => path.join(settings.dataDir, PART_FOLDERS[name]);
  return [
    checkDataFolder(settings.dataDir),
    checkDatabase(installation),
    checkKey(installation),
    checkGit(),
    checkRedis(async () => settings.redisUrl ?? (await ownRedisUrl(own('redis')))),
    checkEngine(async () => {
      if (settings.dockerHost !== null) return settings.dockerHost;
      return (await answers(DEFAULT_ENGINE))
        ? DEFAULT_ENGINE
        : ((await ownEngineHost(own('engine'))) ?? DEFAULT_ENGINE);
    }),
    checkBuildClient(),
    checkRegistry(async () => {
      const host = settings.registry === null ? await ownRegistryHost(own('registry')) : null;
      return host === null ? settings.registry : { host, insecure: true };
    }),
    checkRouter(settings.router.dir),
    ...(settings.traces === null ? [] : [checkCollector(settings.traces)]),
    checkServer({ settings, token }),
  ];
}
