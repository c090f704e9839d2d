import path from 'node:path';
import type { PartsSettings, RegistrySettings } from '../../config/settings.ts';
import { Problem } from '../core/problem.ts';
import { answers, DEFAULT_ENGINE, startEngine } from './engine.ts';
import { installMissing } from './install-missing.ts';
import type { ProgramName } from './needed-programs.ts';
import type { Part, PartLife } from './part.ts';
import { startRedis } from './redis.ts';
import { startRegistry } from './registry.ts';

export interface EnsurePartsOptions {
  /** Life of engine and registry, which apps need to live on; Redis ends with its parent. */
  readonly life: PartLife;
  /** Told each thing that is installed or started. */
  readonly say: (sentence: string) => void;
}

/** What server and worker need of the outside, the router apart. */
export interface EnsuredParts {
  readonly dockerHost: string;
  /** Whether the engine is ours alone. */
  readonly ownEngine: boolean;
  readonly redisUrl: string;
  readonly registry: RegistrySettings;
  /** Ends those of ours that end with their parent. */
  stop(): Promise<void>;
}

/** Folders of our own parts, below the data folder. */
export const PART_FOLDERS = { engine: 'engine', redis: 'redis', registry: 'registry' } as const;

/**
 * Uses what the settings name; starts the rest as instances of our own below the data folder, from programs on this
 * machine, which are installed first where that is possible and allowed. An engine at the default address is used;
 * nothing else that happens to run on a default port is.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function ensureParts(
  settings: PartsSettings,
  { life, say }: EnsurePartsOptions,
): Promise<EnsuredParts> {
  const found = settings.dockerHost ?? ((await answers(DEFAULT_ENGINE)) ? DEFAULT_ENGINE : null);
  if (settings.dockerHost !== null && !(await answers(settings.dockerHost)))
    throw new Problem('part_failed', {
      part: `The engine at ${settings.dockerHost} (DOCKER_HOST)`,
      cause: 'it does not answer',
      log: 'of that engine; without DOCKER_HOST one of our own is started',
    });
  await installMissing(needed(settings, found), { mayInstall: settings.mayInstall, say });
  const dir = (name: keyof typeof PART_FOLDERS): string => path.join(settings.dataDir, PART_FOLDERS[name]);
  const own: Part[] = [];
  const start = async <T extends Part>(sentence: string, starting: Promise<T>): Promise<T> => {
    const part = await starting;
    own.push(part);
    say(sentence);
    return part;
  };
  const ranges = [settings.buildNetworks, settings.appNetwork];
  try {
    const engine =
      found ??
      (await start('started a Docker engine', startEngine({ dir: dir('engine'), life, ranges, warn: say })))
        .host;
    const redisUrl =
      settings.redisUrl ?? (await start('started Redis', startRedis({ dir: dir('redis') }))).url;
    const registry = settings.registry ?? {
      host: (await start('started a registry', startRegistry({ dir: dir('registry'), life }))).host,
      insecure: true,
    };
    const stop = async (): Promise<void> => {
      // Those with a life of their own are stopped by their folder.
      for (const part of own.reverse()) if (life === 'with-parent' || isRedis(part)) await part.stop();
    };
    return { dockerHost: engine, ownEngine: found === null, redisUrl, registry, stop };
  } catch (error) {
    await Promise.allSettled(own.map((part) => part.stop()));
    throw error;
  }
}

function isRedis(part: Part): boolean {
  return 'socket' in part;
}

function needed(settings: PartsSettings, engine: string | null): ProgramName[] {
  const own: ProgramName[] = [
    ...(engine === null ? (['engine', 'iptables', 'ip'] as const) : []),
    ...(settings.redisUrl === null ? (['redis'] as const) : []),
    ...(settings.registry === null ? (['registry'] as const) : []),
  ];
  return [...own, 'git', 'haproxy', 'busybox', 'buildClient'];
}
