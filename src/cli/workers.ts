import type { Page, WorkerView } from '../core/view.ts';
import { callServer, type ServerCommand } from './call-server.ts';
import { ago, paint, table } from './print.ts';

const workers: ServerCommand = {
  usage: 'slipway workers',
  arguments: [0, 0],
  run: async ({ api, values, say }) => {
    const page = await api.request<Page<WorkerView>>('GET', '/workers');
    say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)) || 'no workers yet');
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
