import { readBuilds } from '../../store/read/builds.ts';
import { readDeliveries } from '../../store/read/deliveries.ts';
import type { Change } from '../../store/store.ts';
import type { AppDeps } from '../deps.ts';
import type { EventStream } from './event-stream.ts';
import { latestOnly } from './latest-only.ts';
import { createSenders, type Topic } from './senders.ts';

/** How many of a list's newest entries are sent at the beginning, to close the gap to the page's own request. */
const CAUGHT_UP = 50;

export interface Watched {
  readonly builds: boolean;
  readonly deliveries: boolean;
  readonly build: readonly string[];
  readonly environment: readonly string[];
}

type Deps = Pick<AppDeps, 'store' | 'views' | 'log'>;

/** Sends the present state of what is watched, then each newer one after its commit, until the reader is gone. */
export async function streamChanges(deps: Deps, watched: Watched, stream: EventStream): Promise<void> {
  const { store, views, log } = deps;
  const senders = createSenders(deps, stream);
  const mark = latestOnly<Topic>(
    (topic, id) => senders[topic](id),
    (error) => log.error({ err: error }, 'a change was not streamed'),
  );
  const unsubscribe = store.onChange((change) => {
    for (const [topic, id] of topicsOf(change, watched, senders.waiting)) mark(topic, id);
  });
  stream.gone.addEventListener('abort', unsubscribe);
  for (const id of watched.build) mark('build', id);
  for (const id of watched.environment) mark('environment', id);
  const newest = { before: null, limit: CAUGHT_UP };
  if (watched.builds) {
    const { items } = await readBuilds(store.db, { projectId: null, ...newest }, views);
    for (const { id } of items.toReversed()) mark('builds', id);
  }
  if (watched.deliveries) {
    const { items } = await readDeliveries(store.db, newest);
    for (const { id } of items.toReversed()) mark('delivery', id);
  }
}

function topicsOf(
  { kind, id }: Change,
  watched: Watched,
  waiting: ReadonlySet<string>,
): readonly (readonly [Topic, string])[] {
  const each = (topic: Topic, ids: Iterable<string>) => [...ids].map((one) => [topic, one] as const);
  switch (kind) {
    case 'build':
      return each('builds', watched.builds ? [id] : []).concat(
        each('build', watched.build.includes(id) ? [id] : []),
      );
    case 'delivery':
      return each('delivery', watched.deliveries ? [id] : []);
    case 'environment':
      return each('environment', watched.environment.includes(id) ? [id] : []);
    case 'deployment':
      return [...each('build', watched.build), ...each('environment', watched.environment)];
    case 'places':
      return [...each('builds', watched.builds ? waiting : []), ...each('build', watched.build)];
    default:
      return [];
  }
}
