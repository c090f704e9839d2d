import { describeLabels } from '../core/labels.ts';
import type { Page } from '../core/views/page.ts';
import type { WorkerView } from '../core/views/worker-view.ts';
import { callServer, type Call, type ServerCommand } from './call-server.ts';
import { ago, paint, table } from './print.ts';

const workers: ServerCommand = {
  usage: 'slipway workers',
  arguments: [0, 0],
  run: (call) => listWorkers(call),
};

/** `slipway workers`. Gives the exit status. */
export const workersCommand = (argv: readonly string[]): Promise<number> => callServer(workers, argv);

/** Shows all workers: state, what each runs, where it may deploy, its labels, and what it is. */
export async function listWorkers({ api, values, say }: Call): Promise<void> {
  const page = await api.request<Page<WorkerView>>('GET', '/workers');
  say(values['json'] === true ? JSON.stringify(page) : table(page.items.map(row)) || 'no workers yet');
}

function row(one: WorkerView): readonly string[] {
  return [
    one.name,
    stateOf(one),
    `${one.running} of ${one.capacity}`,
    one.routers.join(' ') || 'no router',
    describeLabels(one.labels) || 'no labels',
    one.program ?? 'no version',
    one.seenAtMs === null ? 'never here' : ago(one.seenAtMs),
    one.work.map(({ name }) => name).join(' '),
  ];
}

function stateOf({ connected, hasToken, drainingSinceMs, lowDisk }: WorkerView): string {
  if (!hasToken) return paint('red', 'revoked');
  if (!connected) return paint('red', drainingSinceMs === null ? 'away' : 'away, drains');
  if (drainingSinceMs !== null) return paint('yellow', 'drains');
  return lowDisk === null ? paint('green', 'connected') : paint('yellow', lowDisk);
}
