import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../config/times.ts';
import { Problem } from '../core/problem.ts';
import { readGithubDelivery, readGithubNames } from '../hosts/github/read-delivery.ts';
import type { WaitingRepository } from './choose-repositories.ts';
import { gitHostOf } from './clone-url.ts';
import { beginLeft, countAttempt, finishDelivery, takeBackBegin } from './delivery-rows.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { OneAtATime } from './one-at-a-time.ts';
import type { Unplanned } from './plan-build.ts';
import { takeIn, type TakenDelivery } from './take-in.ts';

const FIRST_RETRY_MS = 300;

/** Repositories that deliveries wait for, the one with the oldest first. */
export async function waitingRepositories({ store }: IntakeDeps): Promise<readonly WaitingRepository[]> {
  const rows = await store.db
    .selectFrom('delivery')
    .where('outcome', '=', 'received')
    .select((eb) => [
      'repository',
      eb.fn.min('id').as('oldest'),
      eb
        .selectFrom('project')
        .whereRef('project.host_repository', '=', 'delivery.repository')
        .orderBy('project.id')
        .limit(1)
        .select('clone_url')
        .as('url'),
    ])
    .groupBy('repository')
    .orderBy('oldest')
    .execute();
  return rows.map(({ repository, url }) => ({ repository, gitHost: url === null ? null : gitHostOf(url) }));
}

export interface Turn {
  /** Holds a delivery's id while it is worked on. */
  readonly taken: Set<string>;
  /** When this life of the server began. */
  readonly startedAtMs: number;
  readonly stopping: AbortSignal;
  readonly oneAtATime: OneAtATime;
}

/**
 * Takes in the oldest waiting delivery of a repository; null when none waits. When the repository cannot be read it
 * is tried again, with growing pauses, and after the last attempt the delivery is `failed`, to be replayed. So is one that
 * took the server down as often as it may be begun: of those that were under way then, one is begun at a time, a while
 * for each, so that none pays for another.
 */
export async function takeNext(
  deps: IntakeDeps,
  repository: string | null,
  turn: Turn,
): Promise<readonly Unplanned[] | null> {
  const delivery = await oldest(deps, repository);
  if (delivery === null) return null;
  turn.taken.add(delivery.id);
  const { id: deliveryId, hostDeliveryId } = delivery;
  const own = { ...deps, log: deps.log.child({ deliveryId, hostDeliveryId, stage: 'intake' }) };
  try {
    if (delivery.receivedAtMs >= turn.startedAtMs) return await takeWithRetries(own, delivery, turn.stopping);
    const take = () => takeLeft(own, delivery, turn.stopping);
    return await (delivery.planAttempts === 0 ? take() : turn.oneAtATime(take));
  } finally {
    turn.taken.delete(delivery.id);
  }
}

/** One that an earlier life of the server has left. */
async function takeLeft(
  deps: IntakeDeps,
  delivery: TakenDelivery,
  stopping: AbortSignal,
): Promise<readonly Unplanned[] | null> {
  const { store } = deps;
  if (stopping.aborted) return null;
  if (!(await store.transaction((tx) => beginLeft(tx, delivery.id, LIMITS.planAttempts - 1))))
    return fail(deps, delivery.id, TOO_OFTEN);
  const made = await takeWithRetries(deps, delivery, stopping);
  if (made === null) await store.transaction((tx) => takeBackBegin(tx, delivery.id)).catch(() => undefined);
  return made;
}

async function takeWithRetries(
  deps: IntakeDeps,
  delivery: TakenDelivery,
  stopping: AbortSignal,
): Promise<readonly Unplanned[] | null> {
  for (;;) {
    try {
      return await takeIn(deps, delivery);
    } catch (error) {
      if (stopping.aborted || (error instanceof Problem && error.code === 'lock_lost')) return null;
      const attempts = await deps.store.transaction((tx) => countAttempt(tx, delivery.id));
      // Taken in again it could lead to more; what waits for a plan is found without it.
      if (attempts === null) throw error;
      const about = { err: error, attempts };
      // What is included was tried several times: other pushes of the repository wait behind this.
      const isTried = error instanceof Problem && error.code === 'include_unreachable';
      if (isTried || attempts >= LIMITS.deliveryAttempts) {
        return fail(deps, delivery.id, error, attempts);
      }
      deps.log.warn(about, 'the delivery is tried again');
      const pauseMs = (deps.settings.firstRetryMs ?? FIRST_RETRY_MS) * 3 ** (attempts - 1);
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted) return null;
    }
  }
}

const TOO_OFTEN = new Problem('delivery_kills_server', { times: LIMITS.planAttempts });

async function fail(
  { store, log }: IntakeDeps,
  deliveryId: string,
  error: unknown,
  attempts?: number,
): Promise<readonly []> {
  log.error({ err: error, attempts }, 'the delivery failed');
  await store.transaction((tx) => finishDelivery(tx, deliveryId, 'failed', reasonOf(error)));
  return [];
}

interface WaitingDelivery extends TakenDelivery {
  readonly receivedAtMs: number;
  readonly planAttempts: number;
}

async function oldest({ store }: IntakeDeps, repository: string | null): Promise<WaitingDelivery | null> {
  const row = await store.db
    .selectFrom('delivery')
    .where('outcome', '=', 'received')
    .where('repository', repository === null ? 'is' : '=', repository)
    .orderBy('id')
    .select(['id', 'host_delivery_id as hostDeliveryId', 'received_at as receivedAtMs'])
    .select(['plan_attempts as planAttempts', 'event', 'body'])
    .executeTakeFirst();
  if (row === undefined) return null;
  const payload: unknown = JSON.parse(row.body);
  const { installation } = readGithubNames(payload);
  const { event, id, hostDeliveryId, receivedAtMs, planAttempts } = row;
  const meaning = readGithubDelivery(event, payload);
  return { id, hostDeliveryId, receivedAtMs, planAttempts, meaning, installation };
}

function reasonOf(error: unknown): string {
  return error instanceof Problem ? `${error.message} ${error.fix}` : 'Slipway failed inside; see its log';
}
