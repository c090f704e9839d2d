import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../config/times.ts';
import { Problem } from '../core/problem.ts';
import { readGithubDelivery, readGithubNames } from '../hosts/github/read-delivery.ts';
import type { WaitingRepository } from './choose-repositories.ts';
import { gitHostOf } from './clone-url.ts';
import { countAttempt, finishDelivery } from './delivery-rows.ts';
import type { IntakeDeps } from './intake-deps.ts';
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

/**
 * Takes in the oldest waiting delivery of a repository; null when none waits. When the repository cannot be read it
 * is tried again, with growing pauses, and after the last attempt the delivery is `failed`, to be replayed.
 * @param taken Holds the delivery's id while it is worked on.
 */
export async function takeNext(
  deps: IntakeDeps,
  repository: string | null,
  { taken, stopping }: { readonly taken: Set<string>; readonly stopping: AbortSignal },
): Promise<readonly Unplanned[] | null> {
  const delivery = await oldest(deps, repository);
  if (delivery === null) return null;
  taken.add(delivery.id);
  const { id: deliveryId, hostDeliveryId } = delivery;
  const log = deps.log.child({ deliveryId, hostDeliveryId, stage: 'intake' });
  try {
    return await takeWithRetries({ ...deps, log }, delivery, stopping);
  } finally {
    taken.delete(delivery.id);
  }
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
      const about = { err: error, attempts };
      // What is included was tried several times: other pushes of the repository wait behind this.
      const isTried = error instanceof Problem && error.code === 'include_unreachable';
      if (isTried || attempts >= LIMITS.deliveryAttempts) {
        deps.log.error(about, 'the delivery failed');
        await deps.store.transaction((tx) => finishDelivery(tx, delivery.id, 'failed', reasonOf(error)));
        return [];
      }
      deps.log.warn(about, 'the delivery is tried again');
      const pauseMs = (deps.settings.firstRetryMs ?? FIRST_RETRY_MS) * 3 ** (attempts - 1);
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted) return null;
    }
  }
}

async function oldest({ store }: IntakeDeps, repository: string | null): Promise<TakenDelivery | null> {
  const row = await store.db
    .selectFrom('delivery')
    .where('outcome', '=', 'received')
    .where('repository', repository === null ? 'is' : '=', repository)
    .orderBy('id')
    .select(['id', 'host_delivery_id as hostDeliveryId', 'event', 'body'])
    .executeTakeFirst();
  if (row === undefined) return null;
  const payload: unknown = JSON.parse(row.body);
  const { installation } = readGithubNames(payload);
  const { id, hostDeliveryId } = row;
  return { id, hostDeliveryId, meaning: readGithubDelivery(row.event, payload), installation };
}

function reasonOf(error: unknown): string {
  return error instanceof Problem ? `${error.message} ${error.fix}` : 'Slipway failed inside; see its log';
}
