import type { Logger } from 'pino';
import { createRounds } from '../core/rounds.ts';
import type { Clock } from '../ports/clock.ts';
import { deliveryOfBuild } from '../store/read/delivery-of.ts';
import type { Store } from '../store/store.ts';
import { countEnds, type Ended, type EndCount } from './count-ends.ts';

export interface LogEnds {
  readonly store: Pick<Store, 'onChange' | 'db'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two looks at what has ended (ms). */
  readonly everyMs: number;
}

/** Rows of one query, well below SQLite's bound of variables. */
const AT_ONCE = 500;

/**
 * Logs each build and each deployment that ends, once: `deliveryId`, `buildId`, its status, and the seconds since its
 * creation. An end is logged at the next look or by `stop`; a server that is killed before loses the line, not the end.
 */
export function logEnds(options: LogEnds): { stop(): Promise<void> } {
  const kinds = [
    collect(options, { kind: 'build', read: readBuilds, line: 'the build ended' }),
    collect(options, { kind: 'deployment', read: readDeployments, line: 'the deployment ended' }),
  ];
  const rounds = createRounds(async () => {
    for (const { say } of kinds)
      await say().catch((error: unknown) => options.log.warn({ err: error }, 'some ends were not logged'));
  });
  const timer = setInterval(rounds.wake, options.everyMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      rounds.wake();
      await rounds.idle();
      for (const { count } of kinds) count.stop();
    },
  };
}

interface Kind {
  readonly kind: 'build' | 'deployment';
  /** What a line says beside the end itself, of those of `ids` that are still recorded. */
  readonly read: (db: Store['db'], ids: readonly string[]) => Promise<readonly { readonly id: string }[]>;
  readonly line: string;
}

function collect({ store, clock, log }: LogEnds, { kind, read, line }: Kind) {
  const ends = new Map<string, Ended>();
  const count: EndCount = countEnds({ store, clock, kind, onEnd: (ended) => void ends.set(ended.id, ended) });
  const say = async (): Promise<void> => {
    await count.catchUp();
    while (ends.size > 0) {
      const ids = [...ends.keys()].slice(0, AT_ONCE);
      for (const { id, ...about } of await read(store.db, ids)) {
        const { status, seconds } = ends.get(id) ?? {};
        log.info({ ...about, [`${kind}Id`]: id, status, seconds }, line);
      }
      for (const id of ids) ends.delete(id);
    }
  };
  return { count, say };
}

function readBuilds(db: Store['db'], ids: readonly string[]) {
  return db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select(['build.id', deliveryOfBuild().as('deliveryId'), 'project.path as project', 'build.number'])
    .where('build.id', 'in', ids)
    .execute();
}

function readDeployments(db: Store['db'], ids: readonly string[]) {
  return db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .select([
      'deployment.id',
      deliveryOfBuild().as('deliveryId'),
      'deployment.build_id as buildId',
      'project.path as project',
      'environment.name as environment',
    ])
    .where('deployment.id', 'in', ids)
    .execute();
}
