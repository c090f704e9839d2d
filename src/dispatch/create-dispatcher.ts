import { TIMES } from '../../config/times.ts';
import type { Builds } from '../builds/index.ts';
import { createRounds } from '../core/rounds.ts';
import type { JobData } from '../core/work.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Store } from '../store/store.ts';
import { choosePlaces, isStranded, whyWaiting } from './choose-places.ts';
import type { WorkerPlaces } from './choose-places.ts';
import { holdGroups } from './hold-groups.ts';
import { orderQueue } from './order-queue.ts';
import { loadsOf, readRunning, readUnplanned, readWaiting, readWorkers } from './read-queue.ts';
import type { QueuedWorkflow } from './read-queue.ts';
import { readPlacedDeployments, readRouters, removalsByRouter } from './read-deployments.ts';
import type { PlacedDeployment } from './read-deployments.ts';

export interface DispatcherDeps {
  readonly store: Store;
  readonly builds: Pick<Builds, 'place' | 'unplaceBefore' | 'connectedWorkers'>;
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** Why nothing is to be placed now; null, or absent, when it is. What was placed and what runs goes on. */
  readonly whyPaused?: () => string | null;
  readonly onError: (error: unknown) => void;
}

/** A waiting build's place in the whole queue, from 1, and why it waits. */
export interface Waiting {
  readonly place: number;
  readonly why: string;
}

/** Places workflows on workers, as late as possible, and wakes whoever has something to claim. */
export interface Dispatcher {
  /** As of the last round; null for a build that does not wait. */
  readonly waitingOf: (buildId: string) => Waiting | null;
  /** As of the last round: the worker that a deployment's turn waits for; null when there is one. */
  readonly waitingFor: (deploymentId: string) => string | null;
  /** Listens to the record and works from now on. */
  readonly start: () => void;
  /** One round now: for tests, and when the queue is back. */
  readonly wake: () => void;
  /** Resolves when no round is under way or due. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Changes that may free a place or fill the queue. */
const CAUSES: ReadonlySet<string> = new Set(['queue', 'worker', 'lease']);
/** Without a cause a round is made this often: for placements whose job or worker went astray. */
const ROUND_MS = 5_000;
/** A job that was not claimed this long may be lost (Redis was away, or flushed): it is added again. */
const LOST_MS = 2_000;
/** The worker of a router looks at a removal that takes long so often. */
const KEEPER_MS = 10_000;
/** A worker that has left something unclaimed gets nothing that another could take for this long. */
const SILENT_MS = 60_000;

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const served = new Map<string, number>();
  /** When a worker last left something unclaimed, by its id. */
  const unheard = new Map<string, number>();
  const woken = new Map<string, Woken>();
  let waiting = new Map<string, Waiting>();
  let stranded = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let stopListening = (): void => undefined;

  let isStopped = false;
  const { wake, idle } = createRounds(async () => {
    if (isStopped) return;
    try {
      const seen = await round(deps, { served, unheard, woken });
      const moved = !isSame(seen.waiting, waiting);
      const others = differing(seen.stranded, stranded);
      ({ waiting, stranded } = seen);
      if (moved) deps.store.tell({ kind: 'places', id: '' });
      for (const id of others) deps.store.tell({ kind: 'deployment', id });
    } catch (error) {
      deps.onError(error);
    }
  });

  return {
    waitingOf: (buildId) => waiting.get(buildId) ?? null,
    waitingFor: (deploymentId) => stranded.get(deploymentId) ?? null,
    start() {
      isStopped = false;
      stopListening = deps.store.onChange(({ kind }) => {
        if (CAUSES.has(kind)) wake();
      });
      timer = setInterval(wake, ROUND_MS);
      wake();
    },
    wake,
    idle,
    async stop() {
      stopListening();
      clearInterval(timer);
      isStopped = true;
      await idle();
    },
  };
}

/** What a round leaves waiting: builds with their places, and deployments without a worker. */
interface Left {
  readonly waiting: Map<string, Waiting>;
  readonly stranded: Map<string, string>;
}

/** What is kept from one round to the next. */
interface Memory {
  readonly served: Map<string, number>;
  readonly unheard: Map<string, number>;
  readonly woken: Map<string, Woken>;
}

async function round(deps: DispatcherDeps, { served, unheard, woken }: Memory): Promise<Left> {
  const { store, builds, queue, clock } = deps;
  await forgetUnclaimed(deps, unheard);
  const all = await readWaiting(store);
  const placed = all.filter(({ workerId }) => workerId !== null);
  const running = await readRunning(store);
  const taken = [...running, ...placed];
  const connected = builds.connectedWorkers();
  const silentFrom = clock.nowMs() - SILENT_MS;
  const workers = (await readWorkers(store, connected, taken)).map((worker) => ({
    ...worker,
    silent: (unheard.get(worker.id) ?? 0) > silentFrom,
  }));
  const loads = loadsOf(taken, served);
  const queued = all.filter(({ workerId }) => workerId === null);
  const order = orderQueue(queued, loads);
  // What cannot begin before a certain worker comes back is no reason for others of its group to wait for that worker.
  const away = queued.filter((workflow) => isStranded(workflow, workers));
  const there = queued.filter((workflow) => !away.includes(workflow));
  const held = holdGroups(there, taken);
  // A silent worker may be given its own all the same, where none of the group could begin elsewhere.
  const overtaken = holdGroups(away, [...taken, ...there.filter(({ id }) => !held.has(id))]);
  const paused = deps.whyPaused?.() ?? null;
  const next = orderQueue(
    queued.filter(({ id }) => !held.has(id) && !overtaken.has(id)),
    loads,
  );
  const chosen = paused === null ? choosePlaces(next, workers) : [];
  for (const { workflow, worker } of chosen)
    if (await builds.place(workflow.id, worker.id)) {
      served.set(workflow.projectId, clock.nowMs());
      await tell(deps, queue.add(worker.queue, job(workflow)));
    }
  await addAgain(deps, placed, workers);
  const stranded = await wakeDeployers(deps, connected);
  await wakeKeepers(deps, woken);
  const placedNow = new Set(chosen.map(({ workflow }) => workflow));
  const left = order.filter((workflow) => !placedNow.has(workflow));
  const why = (workflow: QueuedWorkflow): string =>
    paused ?? held.get(workflow.id) ?? whyWaiting(workflow, workers);
  return { waiting: describe(left, why, await readUnplanned(store)), stranded };
}

/** Takes back what nobody claimed in time, so that this round may place it elsewhere. */
async function forgetUnclaimed(
  { builds, queue, clock, onError }: DispatcherDeps,
  unheard: Map<string, number>,
): Promise<void> {
  const now = clock.nowMs();
  for (const { workflowId, attempt, workerId } of await builds.unplaceBefore(now - TIMES.placement)) {
    unheard.set(workerId, now);
    await queue.remove(`worker-${workerId}`, { kind: 'workflow', id: workflowId, attempt }).catch(onError);
  }
}

/** The same job twice is one; one whose work was claimed meanwhile is refused at its claim. */
async function addAgain(
  deps: DispatcherDeps,
  placed: readonly QueuedWorkflow[],
  workers: readonly WorkerPlaces[],
): Promise<void> {
  const before = deps.clock.nowMs() - LOST_MS;
  for (const workflow of placed) {
    const worker = workers.find(({ id }) => id === workflow.workerId);
    if (worker !== undefined && (workflow.placedAtMs ?? 0) < before)
      await tell(deps, deps.queue.add(worker.queue, job(workflow)));
  }
}

/** Returns the deployments that no connected worker may claim, each with what it waits for. */
async function wakeDeployers(
  deps: DispatcherDeps,
  connected: ReadonlyMap<string, number>,
): Promise<Map<string, string>> {
  const placed = await readPlacedDeployments(deps.store);
  const routers = await readRouters(deps.store, connected);
  const onlyDrains = ({ router, mustGoOn }: PlacedDeployment): boolean =>
    routers.get(router) === 'draining' && !mustGoOn;
  for (const deployment of placed) {
    const { router, id, attempt } = deployment;
    if (!onlyDrains(deployment))
      await tell(deps, deps.queue.add(`deploy-${router}`, { kind: 'deployment', id, attempt }));
  }
  const stranded = placed.filter((one) => !routers.has(one.router) || onlyDrains(one));
  return new Map(
    stranded.map(({ id, router }) => [
      id,
      `a worker with the router ${router}; ${routers.has(router) ? 'the one that has it drains' : 'none is connected'}`,
    ]),
  );
}

/** What the worker of a router was woken for last, and when. */
interface Woken {
  readonly removals: string;
  readonly atMs: number;
}

/** Those who have an environment to remove: at once, and now and then until it is gone, for what it waits for may have ended. */
async function wakeKeepers(deps: DispatcherDeps, woken: Map<string, Woken>): Promise<void> {
  const now = deps.clock.nowMs();
  const wanted = await removalsByRouter(deps.store);
  for (const router of woken.keys()) if (!wanted.has(router)) woken.delete(router);
  for (const [router, removals] of wanted) {
    const last = woken.get(router);
    const sinceMs = now - (last?.atMs ?? 0); // below 0 where the clock was set back
    if (last?.removals === removals && sinceMs >= 0 && sinceMs < KEEPER_MS) continue;
    woken.set(router, { removals, atMs: now });
    await tell(
      deps,
      deps.queue.add(`deploy-${router}`, { kind: 'router', id: `router-${router}`, attempt: 0 }),
    );
  }
}

/** While Redis is away nothing is lost: the placement is taken back in time, and placed again. */
async function tell({ onError }: DispatcherDeps, added: Promise<void>): Promise<void> {
  await added.catch(onError);
}

function job({ id, attempt }: QueuedWorkflow): JobData {
  return { kind: 'workflow', id, attempt };
}

function isSame(a: ReadonlyMap<string, Waiting>, b: ReadonlyMap<string, Waiting>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([id, { place, why }]) => b.get(id)?.place === place && b.get(id)?.why === why)
  );
}

/** Ids that one of the two has and the other has not, or otherwise. */
function differing(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((id) => a.get(id) !== b.get(id));
}

function describe(
  left: readonly QueuedWorkflow[],
  why: (workflow: QueuedWorkflow) => string,
  unplanned: readonly string[],
): Map<string, Waiting> {
  const places = new Map<string, Waiting>();
  left.forEach((workflow, index) => places.set(workflow.buildId, { place: index + 1, why: why(workflow) }));
  for (const buildId of unplanned)
    places.set(buildId, { place: places.size + 1, why: 'its pipeline file is being read' });
  return places;
}
