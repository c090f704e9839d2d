import type { Page } from '../core/views/page.ts';
import { callServer, demandVerb, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { table } from './print.ts';
import { readSecret } from './read-secret.ts';

const registry: ServerCommand = {
  usage: `slipway registry login <host[:port]> --username NAME [--use push|pull] [--file FILE]
       slipway registry list
       slipway registry logout <host[:port]>

The password comes by standard input. --use push, the default: for builds that push to this registry, and what
names it. --use pull: also for the base images of every build; give it the rights to read only.`,
  arguments: [1, 2],
  fields: {
    host: { argument: 1, called: 'host' },
    username: { option: 'username' },
    use: { option: 'use' },
  },
  options: {
    username: { type: 'string', short: 'u' },
    use: { type: 'string' },
    file: { type: 'string' },
  },
  run: async ({ api, positionals, values, say }) => {
    const [verb = '', host] = positionals;
    demandVerb('registry', verb, ['login', 'list', 'logout']);
    if (verb === 'list') {
      const page = await api.request<Page<{ host: string; use: string; username: string }>>(
        'GET',
        '/registries',
      );
      const rows = page.items.map((one) => [one.host, one.use, one.username]);
      say(values['json'] === true ? JSON.stringify(page) : table(rows) || 'no logins');
      return 0;
    }
    if (host === undefined) throw new UsageError(`registry ${verb} needs a host`);
    const path = `/registries/${segment(host)}`;
    if (verb === 'logout') await api.request('DELETE', path);
    else {
      if (typeof values['username'] !== 'string') throw new UsageError('registry login needs --username');
      const file = typeof values['file'] === 'string' ? values['file'] : undefined;
      const password = await readSecret(file, 'password');
      await api.request('PUT', path, { username: values['username'], password, use: values['use'] });
    }
    say(verb === 'login' ? `kept the login of ${host}` : `removed the login of ${host}`);
    return 0;
  },
};

/** `slipway registry …`. Gives the exit status. */
export const registryCommand = (argv: readonly string[]): Promise<number> => callServer(registry, argv);
