import { callServer, UsageError, type ServerCommand } from './call-server.ts';

const worker: ServerCommand = {
  usage: `slipway worker add <name> [--router NAME]...
         makes the token of a worker of that name, and shows it this once; an earlier one of that name ends.
         The worker deploys behind the routers named, and behind no other.`,
  arguments: [2, 2],
  fields: { name: { argument: 1, called: 'name' }, routers: { option: 'router' } },
  options: { router: { type: 'string', multiple: true } },
  run: async ({ api, positionals: [verb, name], values, say }) => {
    if (verb !== 'add') throw new UsageError(`there is no "worker ${verb}"`);
    const routers = values['router'] ?? [];
    const made = await api.request<{ token: string }>('POST', '/workers/tokens', { name, routers });
    say(values['json'] === true ? JSON.stringify(made) : made.token);
  },
};

/** `slipway worker add`. Gives the exit status. */
export const workerCommand = (argv: readonly string[]): Promise<number> => callServer(worker, argv);
