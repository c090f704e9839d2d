import { readPartsSettings } from '../config/settings.ts';
import { Problem } from '../src/core/problem.ts';
import { docker } from '../src/parts/docker.ts';
import { findBinary } from '../src/parts/find-binary.ts';
import { fetchImage } from '../src/parts/part-images.ts';
import { nodeImage, redisImage } from '../test/support/images.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Sees to it that the engine has what the demo's service is built on and tested with; returns their names. They are made
 * of this machine's programs; where it has no Redis, its image takes that name.
 * @throws Problem `part_missing`.
 */
export async function ensureServiceImages(
  environment: Environment,
  dockerHost: string,
  say: (sentence: string) => void,
): Promise<readonly string[]> {
  const hasRedis = ['redis-server', 'redis-cli'].every((name) => findBinary([name]) !== null);
  const redis = hasRedis ? redisImage(dockerHost) : nameRedis(environment, dockerHost, say);
  return [await nodeImage(dockerHost), await redis];
}

async function nameRedis(
  environment: Environment,
  dockerHost: string,
  say: (sentence: string) => void,
): Promise<string> {
  const { images } = readPartsSettings(environment);
  const refusal = await fetchImage({ dockerHost, name: images.redis }, say);
  if (refusal !== null) {
    say(refusal);
    throw new Problem('part_missing', { part: 'redis-server', command: 'apt-get install redis-server' });
  }
  await docker(dockerHost, ['tag', images.redis, REDIS]);
  return REDIS;
}

/** As the service's pipeline has it. */
const REDIS = 'slipway-test/redis:7';
