import path from 'node:path';
import type { PartsSettings, RegistrySettings } from '../../config/settings.ts';
import { Problem } from '../core/problem.ts';
import { answers, DEFAULT_ENGINE, startEngine } from './engine.ts';
import { fetchHelper } from './fetch-helper.ts';
import { installMissing, mayUseApt, missingOf } from './install-missing.ts';
import { keepAlive } from './keep-alive.ts';
import type { ProgramName } from './needed-programs.ts';
import { chooseImages, fetchImage, type ImagePart } from './part-images.ts';
import type { Part, PartImage, PartLife } from './part.ts';
import { startRedis, type RedisPart } from './redis.ts';
import { startRegistry } from './registry.ts';

export interface EnsurePartsOptions {
  /** Life of engine and registry, which apps need to live on; Redis ends with its parent, which starts it again. */
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
  /** What the router runs from where HAProxy is not on this machine. */
  readonly routerImage: PartImage | undefined;
  /** As SLIPWAY_HELPER, where busybox is not on this machine; null: the worker finds one. */
  readonly helper: string | null;
  /** Ends those of ours that end with their parent. */
  stop(): Promise<void>;
}

/** Folders of our own parts, below the data folder. */
export const PART_FOLDERS = { engine: 'engine', redis: 'redis', registry: 'registry' } as const;

/**
 * Uses what the settings name; starts the rest as instances of our own below the data folder: from programs on this
 * machine, which are installed first where that is possible and allowed, else from images. An engine at the default
 * address is used; nothing else that happens to run on a default port is.
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
  const { mayInstall } = settings;
  const programs = needed(settings, found);
  const fromImages = chooseImages(missingOf(programs), { apt: mayUseApt(mayInstall), engine: found });
  await installMissing(
    programs.filter((name) => !fromImages.some((part) => part === name)),
    { mayInstall, say },
  );
  const dir = (name: keyof typeof PART_FOLDERS): string => path.join(settings.dataDir, PART_FOLDERS[name]);
  const own: Part[] = [];
  const start = async <T extends Part>(sentence: string, starting: Promise<T>): Promise<T> => {
    const part = await starting;
    // What ran before is not ours to end when something else fails.
    if (part.attached === true) return part;
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
    const images = await fetchImages(fromImages, engine, settings.images, say);
    const told = (what: string, part: ImagePart): string =>
      `started ${what}${images[part] === undefined ? '' : ` from the image ${images[part].name}`}`;
    const redis = (): Promise<RedisPart> =>
      keepAlive({
        what: 'Redis',
        log: path.join(dir('redis'), 'redis.log'),
        start: () => startRedis({ dir: dir('redis'), image: images.redis }),
        say,
      });
    const redisUrl = settings.redisUrl ?? (await start(told('Redis', 'redis'), redis())).url;
    const store = { dir: dir('registry'), life, image: images.registry };
    const registry = settings.registry ?? {
      host: (await start(told('a registry', 'registry'), startRegistry(store))).host,
      insecure: true,
    };
    const helper =
      images.busybox === undefined
        ? settings.helper
        : await fetchHelper(path.join(settings.dataDir, 'helper'), images.busybox);
    const stop = async (): Promise<void> => {
      // Those with a life of their own are stopped by their folder.
      for (const part of own.reverse()) if (life === 'with-parent' || isRedis(part)) await part.stop();
    };
    return {
      dockerHost: engine,
      ownEngine: found === null,
      redisUrl,
      registry,
      routerImage: images.haproxy,
      helper,
      stop,
    };
  } catch (error) {
    await Promise.allSettled(own.map((part) => part.stop()));
    throw error;
  }
}

/** @throws Problem `part_missing`, with the command that brings the programs instead, when an image cannot be had. */
async function fetchImages(
  parts: readonly ImagePart[],
  dockerHost: string,
  names: PartsSettings['images'],
  say: EnsurePartsOptions['say'],
): Promise<Partial<Record<ImagePart, PartImage>>> {
  const images: Partial<Record<ImagePart, PartImage>> = {};
  for (const part of parts) {
    const image = { dockerHost, name: names[part] };
    const refusal = await fetchImage(image, say);
    if (refusal !== null) {
      say(refusal);
      await installMissing(parts, { mayInstall: false, say });
    }
    images[part] = image;
  }
  return images;
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
  return [
    ...own,
    'git',
    'haproxy',
    ...(settings.helper === null ? (['busybox'] as const) : []),
    'buildClient',
  ];
}
