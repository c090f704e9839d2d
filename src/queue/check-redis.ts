import type { Redis } from 'ioredis';

/** What a Redis says of itself; null where it does not say (a hosted one may refuse CONFIG). */
export interface RedisFacts {
  /** E.g. `7.0.15`. */
  readonly version: string | null;
  readonly evictionPolicy: string | null;
  readonly appendOnly: boolean | null;
}

const OLDEST = [6, 2] as const;

/** What is not as Slipway needs it, in sentences. Nothing is lost by it, but waiting builds start late after a loss. */
export function redisComplaints({ version, evictionPolicy, appendOnly }: RedisFacts): readonly string[] {
  const complaints: string[] = [];
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version !== null && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])))
    complaints.push(`It is version ${version}; ${OLDEST.join('.')} or later is needed.`);
  if (evictionPolicy !== null && evictionPolicy !== 'noeviction')
    complaints.push(`maxmemory-policy is ${evictionPolicy}: set it to noeviction, or jobs vanish.`);
  if (appendOnly === false)
    complaints.push('appendonly is no: set it to yes, so that a restart keeps the jobs.');
  return complaints;
}

/** Asks a Redis for what {@link redisComplaints} judges. Never rejects: what it does not answer is null. */
export async function readRedisFacts(redis: Redis): Promise<RedisFacts> {
  const [info, policy, appendOnly] = await Promise.all([
    redis.info('server').catch(() => ''),
    setting(redis, 'maxmemory-policy'),
    setting(redis, 'appendonly'),
  ]);
  return {
    version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? null,
    evictionPolicy: policy,
    appendOnly: appendOnly === null ? null : appendOnly === 'yes',
  };
}

async function setting(redis: Redis, name: string): Promise<string | null> {
  const answer = await redis.config('GET', name).catch(() => null);
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : null;
}
