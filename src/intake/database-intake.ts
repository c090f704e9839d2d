import { setTimeout as sleep } from 'node:timers/promises';
import { createRounds } from '../core/rounds.ts';
import { bundleSource } from './bundle-source.ts';
import { orderTurns, type WaitingRepository } from './choose-repositories.ts';
import { takeNext, waitingRepositories } from './delivery-queue.ts';
import { createGiveWay } from './give-way.ts';
import { createHostPlaces } from './host-places.ts';
import type { Mirrors } from '../ports/repositories.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { Intake } from './intake.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { planBuild, type Unplanned } from './plan-build.ts';
import { createUnplannedBuilds } from './unplanned-builds.ts';

const AFTER_ERROR_MS = 1_000;
const MOST_AFTER_ERROR_MS = 60_000;
/** So long a repository's deliveries are worked off before those of another that waits for a place. */
const TURN_MS = 1_000;
/** Longer than it takes to read a repository that answers, and to plan what is in it. */
const ONE_AT_A_TIME_MS = 5_000;

/**
 * Intake fed from the record: rows of `delivery` whose outcome is `received`, oldest first within a repository,
 * several repositories side by side and in turn, each Git host with places of its own. A row stays `received` until what
 * it leads to is recorded.
 */
export function createIntake(deps: IntakeDeps): Intake {
  const { store, log } = deps;
  const stopping = new AbortController();
  const startedAtMs = deps.clock.nowMs();
  const rest = (): Promise<void> =>
    sleep(AFTER_ERROR_MS, undefined, { signal: stopping.signal }).catch(() => undefined);

  const giveWay = createGiveWay();
  const taken = new Set<string>();
  const oneAtATime = createOneAtATime(deps.settings.oneAtATimeMs ?? ONE_AT_A_TIME_MS);
  const begun = new Set<string>();
  let failures = 0;
  /** What this build failed of, such as a full disk, passes; it would wait for the next start. */
  const planLater = async (): Promise<void> => {
    const ms = Math.min(AFTER_ERROR_MS * 2 ** failures++, MOST_AFTER_ERROR_MS);
    await sleep(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    unplanned.catchUp();
  };
  const planning = new Map<string, Promise<void>>();
  const plan = (build: Unplanned, mirrors: Mirrors): Promise<void> => {
    const { deliveryId, buildId } = build;
    const work =
      planning.get(buildId) ??
      planBuild({ ...deps, mirrors }, build, { stopping: stopping.signal, begun })
        .then(() => void (failures = 0))
        .catch((error: unknown) => {
          log.error({ err: error, deliveryId, buildId, stage: 'intake' }, 'no plan was recorded');
          void planLater();
        })
        .finally(() => planning.delete(buildId));
    planning.set(buildId, work);
    return work;
  };

  /** Those that waited at the last look, in the order of their turns, and those whose turns ended since. */
  let inTurn: readonly WaitingRepository[] = [];
  const served = new Set<string | null>();
  const workOff = async ({ repository }: WaitingRepository, mirrors: Mirrors): Promise<void> => {
    const turnEnds = performance.now() + TURN_MS;
    try {
      for (let made = await next(); made !== null; made = await next()) {
        for (const one of made) await plan(one, mirrors);
        if (performance.now() >= turnEnds) break;
      }
    } catch (error) {
      log.error({ err: error, repository, stage: 'intake' }, 'a delivery was left for later');
      await rest();
      // It may be recorded all the same, where no answer came: then its builds wait for a plan.
      unplanned.catchUp();
    } finally {
      served.add(repository);
    }
    async function next(): Promise<readonly Unplanned[] | null> {
      await giveWay.pass(stopping.signal);
      return stopping.signal.aborted
        ? null
        : takeNext({ ...deps, mirrors }, repository, {
            taken,
            startedAtMs,
            stopping: stopping.signal,
            oneAtATime,
          });
    }
  };

  const places = createHostPlaces(deps.mirrors, workOff, () => wake());
  const looks = createRounds(async () => {
    if (stopping.signal.aborted) return;
    try {
      const waiting = await waitingRepositories(deps);
      inTurn = orderTurns(inTurn, waiting, served);
      served.clear();
      places.begin(inTurn);
    } catch (error) {
      log.error({ err: error, stage: 'intake' }, 'the waiting deliveries could not be read');
      await rest();
      looks.wake();
    }
  });
  const { wake } = looks;

  const unplanned = createUnplannedBuilds(deps, plan, { stopping: stopping.signal, onLeft: planLater });
  const idle = async (): Promise<void> => {
    do await Promise.all([looks.idle(), places.settled(), unplanned.idle(), ...planning.values()]);
    while (!(looks.isIdle() && places.isIdle() && unplanned.isIdle()) || planning.size > 0);
  };

  let unsubscribe = (): void => undefined;
  return {
    start: () => {
      unsubscribe = store.onChange((change) => {
        if (change.kind !== 'delivery' || taken.has(change.id)) return;
        giveWay.note();
        wake();
      });
      unplanned.catchUp();
      wake();
    },
    planWaiting: () => unplanned.catchUp(),
    bundle: (workflowId, have, signal) => bundleSource(deps, workflowId, have, signal),
    stop: async () => {
      unsubscribe();
      stopping.abort();
      await idle();
    },
    idle: async () => {
      wake();
      await idle();
    },
  };
}
