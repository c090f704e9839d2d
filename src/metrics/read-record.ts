import type { Store } from '../store/store.ts';

/** What waits and runs at one moment. */
export interface RecordState {
  /** Builds that wait, for their pipeline file or a place. */
  readonly waiting: number;
  /** Epoch ms at which the oldest of them was made; null when none waits. */
  readonly waitingSinceMs: number | null;
  readonly running: number;
  /** Builds that wait for a person. */
  readonly blocked: number;
  readonly deploymentsRunning: number;
  /** Deliveries that are stored and not worked on yet. */
  readonly deliveriesWaiting: number;
  /** Effects on the outside that are not done. */
  readonly effectsPending: number;
  readonly workers: readonly { readonly id: string; readonly capacity: number }[];
  /** Workflows that run or are placed. */
  readonly placesTaken: number;
}

/** Reads it by counts of indexed columns: a long history costs nothing. */
export async function readRecord({ db }: Pick<Store, 'db'>): Promise<RecordState> {
  const [builds, deployments, deliveries, effects, workers, workflows] = await Promise.all([
    db
      .selectFrom('build')
      .select(({ fn }) => ['status', fn.countAll<number>().as('count'), fn.min('created_at').as('since')])
      .where('status', 'in', ['pending', 'running', 'blocked'])
      .groupBy('status')
      .execute(),
    db
      .selectFrom('deployment')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('status', '=', 'running')
      .executeTakeFirstOrThrow(),
    db
      .selectFrom('delivery')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('outcome', '=', 'received')
      .executeTakeFirstOrThrow(),
    db
      .selectFrom('outbox')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', '=', 'pending')
      .executeTakeFirstOrThrow(),
    db.selectFrom('worker').select(['id', 'capacity']).execute(),
    db
      .selectFrom('workflow')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('status', 'in', ['pending', 'running'])
      .where('worker_id', 'is not', null)
      .executeTakeFirstOrThrow(),
  ]);
  const of = (status: string): { count: number; since: number | null } => {
    const row = builds.find((one) => one.status === status);
    return { count: Number(row?.count ?? 0), since: row === undefined ? null : Number(row.since) };
  };
  return {
    waiting: of('pending').count,
    waitingSinceMs: of('pending').since,
    running: of('running').count,
    blocked: of('blocked').count,
    deploymentsRunning: Number(deployments.count),
    deliveriesWaiting: Number(deliveries.count),
    effectsPending: Number(effects.count),
    workers,
    placesTaken: Number(workflows.count),
  };
}
