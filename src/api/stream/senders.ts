import type { BuildSummary } from '../../core/views/build-view.ts';
import { readBuild, readBuildSummary } from '../../store/read/builds.ts';
import { readDelivery } from '../../store/read/deliveries.ts';
import { readEnvironment } from '../../store/read/environments.ts';
import type { AppDeps } from '../deps.ts';
import type { EventStream } from './event-stream.ts';

/** What a message is about: its type. */
export type Topic = 'build' | 'builds' | 'delivery' | 'environment';

/** Reads the newest state of one thing and sends it; what is gone is not sent. */
export type Senders = Readonly<Record<Topic, (id: string) => Promise<void>>> & {
  /** Builds that were last sent as waiting: their place changes when the queue does. */
  readonly waiting: ReadonlySet<string>;
};

export function createSenders(
  { store, views }: Pick<AppDeps, 'store' | 'views'>,
  stream: EventStream,
): Senders {
  const waiting = new Set<string>();
  const noteWaiting = (build: BuildSummary): void => {
    if (build.waiting === null) waiting.delete(build.id);
    else waiting.add(build.id);
  };
  return {
    waiting,
    build: async (id) => {
      const build = await readBuild(store.db, id, views);
      if (build !== null) await stream.send({ type: 'build', build });
    },
    builds: async (id) => {
      const build = await readBuildSummary(store.db, id, views);
      if (build === null) return;
      noteWaiting(build);
      await stream.send({ type: 'builds', build });
    },
    delivery: async (id) => {
      const delivery = await readDelivery(store.db, id);
      if (delivery !== null) await stream.send({ type: 'delivery', delivery });
    },
    environment: async (id) => {
      const environment = await readEnvironment(store.db, id, views);
      if (environment !== null) await stream.send({ type: 'environment', environment });
    },
  };
}
