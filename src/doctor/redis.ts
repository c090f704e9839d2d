import { connectRedis } from '../queue/bullmq-queue.ts';
import { readRedisFacts, redisComplaints } from '../queue/check-redis.ts';
import { mayMakeUsers } from '../queue/redis-users.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** @param findUrl Gives what REDIS_URL would. */
export function checkRedis(findUrl: () => Promise<string>): Check {
  return {
    name: 'Redis',
    run: async (signal) => {
      const url = await findUrl();
      const redis = connectRedis(url);
      const end = (): void => redis.disconnect();
      signal.addEventListener('abort', end);
      try {
        await new Promise<void>((resolve, reject) => {
          redis.once('ready', resolve);
          redis.on('error', reject);
        });
        const facts = await readRedisFacts(redis);
        const users = (await mayMakeUsers(redis)) === true ? [] : [NO_USERS];
        const complaints = [...redisComplaints(facts), ...users];
        const says = `${withoutPassword(url)}, version ${facts.version ?? 'not told'}`;
        return complaints.length === 0 ? ok(says) : warn(says, complaints.join(' '));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return fail(
          `${withoutPassword(url)} does not answer: ${code ?? message}`,
          'Start it, or name another with REDIS_URL; without that, `npm start` starts one of its own.',
        );
      } finally {
        signal.removeEventListener('abort', end);
        end();
      }
    },
  };
}

const NO_USERS =
  'Its user may not run ACL, so workers get no login of their own: they all use that of REDIS_URL. On a Redis 6 or later, allow it +acl.';

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/]*@/, '$1');
}
