import type { Signals } from '../core/work.ts';
import type { SignalsAnswer } from '../protocol/worker.ts';
import type { Reading, Store } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import { cancelledSteps } from './cancel-step.ts';
import { readRelease } from './claim-deployment.ts';
import { demandLease } from './lease-rows.ts';
import { endOf } from './lose-lease.ts';
import { readVerdict } from './verdict.ts';

/** Answers with the lease's signals as soon as their version is not `seen`, else after `waitMs`. */
export async function waitForSignals(
  store: Store,
  lease: OpenLease,
  { seen, waitMs, aborted }: { seen: number; waitMs: number; aborted?: AbortSignal | undefined },
): Promise<SignalsAnswer> {
  const changed = nextChange(store, lease.id, waitMs, aborted);
  try {
    const version = (await demandLease(store, lease.id)).signals;
    if (version === seen) await changed.promise;
    return await readSignals(store, lease);
  } finally {
    changed.stop();
  }
}

/** Listens from now on, so that a change between a read and the wait is not missed. */
function nextChange(
  store: Store,
  leaseId: string,
  waitMs: number,
  aborted: AbortSignal | undefined,
): { promise: Promise<void>; stop: () => void } {
  let stop = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    const off = store.onChange((change) => {
      if (change.kind === 'lease' && change.id === leaseId) resolve();
    });
    const abort = () => resolve();
    aborted?.addEventListener('abort', abort);
    stop = () => {
      clearTimeout(timer);
      off();
      aborted?.removeEventListener('abort', abort);
    };
  });
  return { promise, stop };
}

async function readSignals(store: Store, lease: OpenLease): Promise<SignalsAnswer> {
  // The version first: signals that are newer than it are only read once more.
  const { signals: version } = await demandLease(store, lease.id);
  const { kind, id } = lease.subject;
  return {
    version,
    signals: kind === 'workflow' ? await workflowSignals(store, id) : await deploymentSignals(store, id),
  };
}

async function workflowSignals(tx: Reading, workflowId: string): Promise<Signals> {
  const row = await tx.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select(['build.cancel_requested as ofBuild', 'workflow.cancel_requested as ofWorkflow'])
    .where('workflow.id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const reason = row.ofBuild ?? row.ofWorkflow;
  const steps = await cancelledSteps(tx, workflowId);
  return {
    cancel: reason === null ? null : { reason },
    ...(steps.length === 0 ? {} : { cancelSteps: steps }),
    release: null,
    verdict: 'wait',
  };
}

async function deploymentSignals(tx: Reading, deploymentId: string): Promise<Signals> {
  const row = await tx.db
    .selectFrom('deployment')
    .select(['id', 'environment_id', 'release_id', 'cancel_requested'])
    .where('id', '=', deploymentId)
    .executeTakeFirstOrThrow();
  const end = endOf(row.cancel_requested);
  return {
    cancel: end === null ? null : { reason: end[1] },
    release: await readRelease(tx, row.release_id),
    verdict: await readVerdict(tx, row),
  };
}
