import type { RegistrySettings } from '../../config/settings.ts';
import { Problem } from '../core/problem.ts';
import { openRegistry } from '../registry/registry.ts';
import { ok, warn, type Check } from './check.ts';

const ONCE = { attempts: 1, firstPauseMs: 0, mostPauseMs: 0 };

export function checkRegistry(find: () => Promise<RegistrySettings | null>): Check {
  return {
    name: 'registry',
    run: async (signal) => {
      const registry = await find();
      if (registry === null)
        return warn(
          'the settings name none, and none of our own was started',
          'Set SLIPWAY_REGISTRY, or run `npm start`.',
        );
      try {
        await openRegistry({ ...registry, credentials: null }, ONCE).ping(signal);
        return ok(`${registry.host} answers`);
      } catch (error) {
        // The server has the logins.
        if (error instanceof Problem && [401, 403].includes(Number(error.details['status'])))
          return ok(`${registry.host} answers, and asks for a login`);
        throw error;
      }
    },
  };
}
