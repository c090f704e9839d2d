import { setTimeout as sleep } from 'node:timers/promises';
import { createRounds } from '../core/rounds.ts';
import { bundleSource } from './bundle-source.ts';
import { chooseRepositories, orderTurns, type WaitingRepository } from './choose-repositories.ts';
import { takeNext, waitingRepositories } from './delivery-queue.ts';
import { createGiveWay } from './give-way.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { Intake } from './intake.ts';
import { planBuild, type Unplanned } from './plan-build.ts';
import { findUnplanned } from './unplanned-builds.ts';

const CONCURRENCY = 4;
const AFTER_ERROR_MS = 1_000;
/** So long a repository's deliveries are worked off before those of another that waits for a place. */
const TURN_MS = 1_000;

/**
 * Intake fed from the record: rows of `delivery` whose outcome is `received`, oldest first within a repository,
 * several repositories side by side and in turn, not all of them of one Git host. A row stays `received` until what it leads to is recorded.
 */
export function createIntake(deps: IntakeDeps): Intake {
  const { store, log } = deps;
  const concurrency = deps.settings.concurrency ?? CONCURRENCY;
  const stopping = new AbortController();
  const startedAtMs = deps.clock.nowMs();
  const rest = (): Promise<void> =>
    sleep(AFTER_ERROR_MS, undefined, { signal: stopping.signal }).catch(() => undefined);

  const giveWay = createGiveWay();
  const taken = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const planning = new Map<string, Promise<void>>();
  const plan = (unplanned: Unplanned): Promise<void> => {
    const { deliveryId, buildId } = unplanned;
    const work =
      planning.get(buildId) ??
      planBuild(deps, unplanned, stopping.signal)
        .catch((error: unknown) =>
          log.error({ err: error, deliveryId, buildId, stage: 'intake' }, 'no plan was recorded'),
        )
        .finally(() => planning.delete(buildId));
    planning.set(buildId, work);
    return work;
  };

  const working = new Map<WaitingRepository, Promise<void>>();
  /** Those that waited at the last look, in the order of their turns, and those whose turns ended since. */
  let inTurn: readonly WaitingRepository[] = [];
  const served = new Set<string | null>();
  const workOff = async (one: WaitingRepository): Promise<void> => {
    const { repository } = one;
    const turnEnds = performance.now() + TURN_MS;
    try {
      for (let made = await next(); made !== null; made = await next()) {
        for (const one of made) await plan(one);
        if (performance.now() >= turnEnds) break;
      }
    } catch (error) {
      log.error({ err: error, repository, stage: 'intake' }, 'a delivery was left for later');
      await rest();
    } finally {
      working.delete(one);
      served.add(repository);
      wake();
    }
    async function next(): Promise<readonly Unplanned[] | null> {
      await giveWay.pass(stopping.signal);
      return stopping.signal.aborted
        ? null
        : takeNext(deps, repository, { taken, startedAtMs, stopping: stopping.signal, alone });
    }
  };

  const looks = createRounds(async () => {
    // Who ends some work looks again.
    if (stopping.signal.aborted || working.size >= concurrency) return;
    try {
      const waiting = await waitingRepositories(deps);
      inTurn = orderTurns(inTurn, waiting, served);
      served.clear();
      for (const one of chooseRepositories(inTurn, [...working.keys()], concurrency))
        working.set(one, workOff(one));
    } catch (error) {
      log.error({ err: error, stage: 'intake' }, 'the waiting deliveries could not be read');
      await rest();
      looks.wake();
    }
  });
  const { wake } = looks;

  const planWaiting = async (): Promise<void> => {
    for (const unplanned of await findUnplanned(deps)) await plan(unplanned);
  };
  let catchingUp: Promise<void> = Promise.resolve();
  const catchUp = (): void => {
    catchingUp = catchingUp
      .then(planWaiting)
      .catch((error: unknown) =>
        log.error({ err: error, stage: 'intake' }, 'builds without a plan were left'),
      );
  };

  let unsubscribe = (): void => undefined;
  return {
    start: () => {
      unsubscribe = store.onChange((change) => {
        if (change.kind !== 'delivery' || taken.has(change.id)) return;
        giveWay.note();
        wake();
      });
      catchUp();
      wake();
    },
    planWaiting: catchUp,
    bundle: (workflowId, have, signal) => bundleSource(deps, workflowId, have, signal),
    stop: async () => {
      unsubscribe();
      stopping.abort();
      await Promise.all([looks.idle(), catchingUp, ...working.values(), ...planning.values()]);
    },
    idle: async () => {
      wake();
      do await Promise.all([looks.idle(), catchingUp, ...working.values(), ...planning.values()]);
      while (!looks.isIdle() || working.size + planning.size > 0);
    },
  };
}
