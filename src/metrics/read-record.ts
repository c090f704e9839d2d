import type { Labels } from '../core/labels.ts';
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
  readonly workers: readonly WorkerState[];
  /** Workflows that run or are placed. */
  readonly placesTaken: number;
  /** Workflows that wait for a place, by the labels that they want. */
  readonly unplaced: readonly { readonly labels: Labels; readonly count: number }[];
}

export interface WorkerState {
  readonly id: string;
  readonly capacity: number;
  /** Workflows that run or are placed there. */
  readonly taken: number;
  readonly draining: boolean;
  readonly isDiskLow: boolean;
  /** Labels that its token is for: it may be away. */
  readonly tokenLabels: Labels;
}

/** Reads it by counts of indexed columns: a long history costs nothing. */
export async function readRecord({ db }: Pick<Store, 'db'>): Promise<RecordState> {
  const [builds, deployments, deliveries, effects, workers, taken, unplaced] = await Promise.all([
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
    db
      .selectFrom('worker')
      .select(['id', 'capacity', 'draining_since', 'low_disk', 'token_labels_json'])
      .execute(),
    db
      .selectFrom('workflow')
      .select(({ fn }) => ['worker_id', fn.countAll<number>().as('count')])
      .where('status', 'in', ['pending', 'running'])
      .where('worker_id', 'is not', null)
      .groupBy('worker_id')
      .execute(),
    db
      .selectFrom('workflow')
      .innerJoin('build', 'build.id', 'workflow.build_id')
      .select(({ fn }) => ['workflow.labels_json', fn.countAll<number>().as('count')])
      .where('workflow.status', '=', 'pending')
      .where('workflow.worker_id', 'is', null)
      .where('build.status', '=', 'pending')
      .groupBy('workflow.labels_json')
      .execute(),
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
    workers: workers.map(({ id, capacity, draining_since, low_disk, token_labels_json }) => ({
      id,
      capacity,
      taken: Number(taken.find(({ worker_id }) => worker_id === id)?.count ?? 0),
      draining: draining_since !== null,
      isDiskLow: low_disk !== null,
      tokenLabels: JSON.parse(token_labels_json) as Labels,
    })),
    placesTaken: taken.reduce((sum, { count }) => sum + Number(count), 0),
    unplaced: unplaced.map(({ labels_json, count }) => ({
      labels: JSON.parse(labels_json) as Labels,
      count: Number(count),
    })),
  };
}
