import type { Page, WorkerView } from '../core/view.ts';
import { callServer, UsageError, type ServerCommand } from './call-server.ts';
import { ago, paint, table } from './print.ts';

const workers: ServerCommand = {
  usage: `slipway workers
       slipway workers token <name>   (makes a token for a worker of that name; an earlier one ends)`,
  arguments: [0, 2],
  run: async ({ api, positionals: [verb, name], values, say }) => {
    if (verb === 'token' && name !== undefined) {
      const made = await api.request<{ token: string }>('POST', '/workers/tokens', { name });
      say(values['json'] === true ? JSON.stringify(made) : made.token);
      return 0;
    }
    if (verb !== undefined) throw new UsageError(`there is no "workers ${verb}" with these arguments`);
    const page = await api.request<Page<WorkerView>>('GET', '/workers');
    say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)) || 'no workers yet');
    return 0;
  },
};

/** `slipway workers`. Gives the exit status. */
export const workersCommand = (argv: readonly string[]): Promise<number> => callServer(workers, argv);

function row(one: WorkerView): readonly string[] {
  return [
    one.name,
    one.connected ? paint('green', 'connected') : paint('red', 'away'),
    `${one.running} of ${one.capacity}`,
    one.routers.join(' ') || 'no router',
    one.seenAtMs === null ? 'never here' : ago(one.seenAtMs),
  ];
}
