import { stat } from 'node:fs/promises';
import { openRouter } from '../../worker/router/open-router.ts';
import { RouterAway } from '../../worker/router/runtime-client.ts';
import { readGeneration } from '../../worker/router/generations.ts';
import { fail, ok, warn, type Check, type Finding } from './check.ts';

/** Part of the backends that may be in use before one is told to think of more. */
const MUCH = 0.9;

export function checkRouter(dir: string): Check {
  return {
    name: 'router',
    run: async () => {
      const isThere = await stat(dir).then(
        () => true,
        () => false,
      );
      const generation = isThere ? await readGeneration(dir) : null;
      if (generation === null)
        return warn(
          `${dir} holds no router`,
          'The first `npm start` makes it; else name its folder with SLIPWAY_ROUTER_DIR.',
        );
      const router = openRouter(dir);
      try {
        const version = /^Version: (\S+)$/m.exec(await router.runtime.ask('show info'))?.[1] ?? 'not told';
        const differences = await router.differences();
        const { settings, environments } = generation.state;
        return judge({ version, differences, used: environments.length, declared: settings.backends });
      } catch (error) {
        if (!(error instanceof RouterAway)) throw error;
        return fail(
          `HAProxy does not answer: ${error.message}`,
          `Read ${dir}/haproxy.log; \`npm start\` starts it.`,
        );
      }
    },
  };
}

export function judge(seen: {
  readonly version: string;
  readonly differences: readonly string[];
  readonly used: number;
  readonly declared: number;
}): Finding {
  const says = `HAProxy ${seen.version}, ${seen.used} of ${seen.declared} backends in use`;
  const more =
    'Raise SLIPWAY_ROUTER_BACKENDS and restart the router in a quiet minute, or remove environments.';
  if (seen.used >= seen.declared) return fail(says, more);
  if (seen.used >= seen.declared * MUCH) return warn(says, more);
  const [difference] = seen.differences;
  if (difference !== undefined)
    return warn(
      `${says}; it runs something else than its files say: ${difference}`,
      'A worker on this machine sets it right within seconds: see that one runs.',
    );
  return ok(says);
}
