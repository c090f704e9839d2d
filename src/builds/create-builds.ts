import { TIMES } from '../../config/times.ts';
import type { Clock } from '../ports/clock.ts';
import type { HeartbeatAnswer } from '../protocol/worker.ts';
import type { Builds, OpenLease } from './builds.ts';
import { cancelBuildIn } from './cancel-build.ts';
import { cancelStepIn } from './cancel-step.ts';
import { claim } from './claim.ts';
import { createBuildIn } from './create-build.ts';
import type { BuildsDeps } from './deps.ts';
import { drainWorker } from './drain-worker.ts';
import { endWithoutImage, expireLeases, expireStandbys, settleAll } from './expire.ts';
import { notifyTest } from './insert-notifications.ts';
import { logsOf, openLease, takenArtifact, workflowOf } from './lease-reads.ts';
import { demandLease } from './lease-rows.ts';
import { divideSplit } from './divide-split.ts';
import { keepTests } from './keep-tests.ts';
import { readLeaseSecrets } from './lease-secrets.ts';
import { loseLease } from './lose-lease.ts';
import { nameImage } from './name-image.ts';
import { placeWorkflow, unplaceBefore, unplaceFrom } from './placement.ts';
import { planBuildIn } from './plan-build.ts';
import { createPresence } from './presence.ts';
import type { Presence } from './presence.ts';
import { waitForSignals } from './read-signals.ts';
import { readReplay } from './read-replay.ts';
import { recordEffect } from './record-effect.ts';
import { cancelDeployment, rollBack } from './roll-back.ts';
import { appLogsOf, demandRouter, keepRouterEvents, readRouterRecord } from './router-record.ts';
import { beginRemoval, endRemovals, keepWaits } from './remove-environment.ts';
import { rerunBuildIn } from './rerun-build.ts';
import { takeReports } from './take-reports.ts';
import { noNote, type Tx } from '../store/store.ts';
import { createWatch } from './watch.ts';
import { findWorker, register, revokeWorkerToken, setWorkerToken } from './workers.ts';

/** Makes the state machine over a store; see {@link Builds}. */
export function createBuilds(deps: BuildsDeps): Builds {
  const { store, clock } = deps;
  const watch = createWatch({
    clock,
    isAway: store.isAway,
    onError: deps.onError,
    expire: () => expireLeases(store, clock.nowMs()),
    reconcile: () => reconcile(deps),
  });
  const presence = createPresence(clock, watch.listensSince);

  return {
    createBuild: (build) => store.transaction((tx) => createBuildIn(deps, tx, build)),
    createBuildIn: (tx, build) => createBuildIn(deps, tx, build),
    planBuild: (buildId, outcome) => store.transaction((tx) => planBuildIn(deps, tx, buildId, outcome)),
    cancelBuild: (buildId, reason, note = noNote) =>
      store.transaction(async (tx) => {
        await cancelBuildIn(tx, buildId, reason, clock.nowMs());
        await note(tx);
      }),
    rerunBuild: (buildId, scope = 'all', note = noNote) =>
      store.transaction(async (tx) => {
        const made = await rerunBuildIn(deps, tx, buildId, scope);
        await note(tx);
        return made;
      }),
    cancelStep: (stepId, reason, note = noNote) =>
      store.transaction(async (tx) => {
        await cancelStepIn(tx, stepId, reason);
        await note(tx);
      }),
    replay: (buildId) => store.transaction((tx) => readReplay(deps, tx, buildId)),

    rollBack: (environmentId, wanted, note = noNote) =>
      store.transaction(async (tx) => {
        const at = clock.nowMs();
        const deploymentId = await rollBack(tx, environmentId, { deploymentId: wanted, at });
        await note(tx);
        return { deploymentId };
      }),
    cancelDeployment: (id, reason, note = noNote) =>
      store.transaction(async (tx) => {
        await cancelDeployment(tx, id, reason, clock.nowMs());
        await note(tx);
      }),

    removeEnvironment: (environmentId, volumes, note = noNote) =>
      store.transaction(async (tx) => {
        await beginRemoval(tx, environmentId, { volumes, at: clock.nowMs() });
        await note(tx);
      }),

    tryNotification: (projectId, targetId, note = noNote) =>
      store.transaction(async (tx) => {
        await notifyTest(tx, { projectId, targetId }, clock.nowMs());
        await note(tx);
      }),

    setWorkerToken: (name, tokenHash, allows, note = noNote) =>
      store.transaction(async (tx) => {
        const workerId = await setWorkerToken(tx, { name, tokenHash, allows, at: clock.nowMs() });
        await note(tx, { id: workerId, name });
        return { workerId };
      }),
    revokeWorkerToken: (worker, note = noNote) =>
      store.transaction(async (tx) => {
        const { id, name } = await revokeWorkerToken(tx, worker, clock.nowMs());
        await note(tx, { id, name });
        return { workerId: id };
      }),
    drainWorker: (worker, draining, note = noNote) =>
      store.transaction(async (tx) => {
        const { id, name } = await drainWorker(tx, { worker, draining, at: clock.nowMs() });
        await note(tx, { id, name });
        return { workerId: id };
      }),
    findWorker: (tokenHash) => findWorker(store, tokenHash),
    async register(worker, request) {
      const answer = await store.grouped((tx) => register({ tx, clock, presence }, worker, request));
      presence.hear(worker.id, request.instance);
      return answer;
    },
    async leave(worker) {
      if (worker.instance !== null) presence.leave(worker.id, worker.instance);
      await store.transaction(async (tx) => {
        await unplaceFrom(tx, worker.id);
        tx.changed('worker', worker.id);
      });
    },
    claim: (worker, bearer, request) => store.grouped((tx) => claim(deps, tx, { worker, bearer, request })),
    openLease: (worker, leaseId, token) => openLease(store, { worker, leaseId, token }),
    heartbeat: (lease) => store.grouped((tx) => heartbeat({ tx, clock, presence }, lease)),
    heartbeatMissed: watch.missed,
    giveUp: (lease) =>
      store.transaction(async (tx) =>
        loseLease(tx, await demandLease(tx, lease.id), 'its worker was stopped', clock.nowMs()),
      ),
    signals: (lease, seenVersion, waitMs, aborted) =>
      waitForSignals(store, lease, { seen: seenVersion, waitMs, aborted }),
    report: (lease, reports) => takeReports(deps, lease, reports),
    effect: (lease, request) => recordEffect(deps, lease, request),
    keepTests: (lease, request) => keepTests(store, lease, request),
    divideFiles: (lease, request) => divideSplit(store, lease, request),
    nameImage: (lease, request) => store.grouped((tx) => nameImage(tx, lease, request)),
    leaseSecrets: (lease) => readLeaseSecrets(deps, lease),
    logsOf: (lease) => logsOf(store, lease),
    workflowOf: (lease) => workflowOf(store, lease),
    takenArtifact: (lease, id) => takenArtifact(store, lease, { id, nowMs: clock.nowMs() }),

    async routerRecord(worker, router) {
      demandRouter(worker, router);
      return readRouterRecord(store, router);
    },
    async routerEvents(worker, router, request) {
      demandRouter(worker, router);
      await store.grouped((tx) => keepRouterEvents(tx, router, request));
    },
    async routerRemoved(worker, router, { environments, waiting = [] }) {
      demandRouter(worker, router);
      if (waiting.length > 0) await store.transaction((tx) => keepWaits(tx, router, waiting));
      return { forgotten: await endRemovals(store, router, environments) };
    },
    async appLogsOf(worker, router, logIds) {
      demandRouter(worker, router);
      return appLogsOf(store, router, logIds);
    },

    place: (workflowId, workerId) =>
      store.transaction((tx) => placeWorkflow(tx, { workflowId, workerId, at: clock.nowMs() })),
    unplaceBefore: (beforeMs) => store.transaction((tx) => unplaceBefore(tx, beforeMs)),
    connectedWorkers: presence.connected,

    reconcile: () => reconcile(deps),
    start: watch.start,
    stop: watch.stop,
  };
}

async function heartbeat(
  { tx, clock, presence }: { tx: Tx; clock: Clock; presence: Presence },
  lease: OpenLease,
): Promise<HeartbeatAnswer> {
  const row = await demandLease(tx, lease.id);
  presence.hear(row.worker_id, row.worker_instance);
  await tx.db
    .updateTable('lease')
    .set({ ends_at: clock.nowMs() + TIMES.lease })
    .where('id', '=', lease.id)
    .execute();
  return { ttlMs: TIMES.lease, signals: row.signals };
}

async function reconcile({ store, clock, onError }: BuildsDeps): Promise<void> {
  await expireStandbys(store, clock.nowMs(), onError);
  await endWithoutImage(store, clock.nowMs(), onError);
  await settleAll(store, clock.nowMs(), onError);
}
