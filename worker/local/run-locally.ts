import { createHash } from 'node:crypto';
import type { LocalRunSettings } from '../../config/local-run.ts';
import { trustedSpace, type CacheSpaces } from '../../src/core/cache.ts';
import { newId } from '../../src/core/id.ts';
import type { NamedImage } from '../../src/core/named-image.ts';
import type { Plan } from '../../src/core/plan.ts';
import { Problem } from '../../src/core/problem.ts';
import type { RecordedImage } from '../../src/core/views/replay-view.ts';
import { registryHost } from '../../src/core/image-name.ts';
import type { LeaseSecrets, WorkflowWork } from '../../src/core/work.ts';
import { workflowRows } from '../../src/core/workflow-rows.ts';
import { CacheStore } from '../caches/cache-store.ts';
import { connectEngine } from '../engine/connect-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { demandBuildClient } from '../image/build-client.ts';
import type { Outcome } from '../outcome.ts';
import { ensureImage } from '../registry/ensure-image.ts';
import { reapLeftovers } from '../steps/reap-leftovers.ts';
import { demandHostVolumes } from '../steps/host-volumes.ts';
import { STEP_SETTINGS } from '../steps/settings.ts';
import type { FailedStep } from '../steps/workflow-context.ts';
import { clearLeftovers } from '../workflow/clear-leftovers.ts';
import { runWorkflow } from '../workflow/run-workflow.ts';
import type { TakeImage } from '../workflow/tools.ts';
import type { ArtifactShelf } from './artifact-shelf.ts';
import { copyWorkingTree, type WorkingTree } from './copy-working-tree.ts';
import { localLease, type Decided, type RunAudience } from './local-lease.ts';
import { openOwnRuns } from './own-runs.ts';

export interface LocalRun {
  readonly tree: WorkingTree;
  /** What is run of it: image, services and steps. Nothing is pushed or deployed. */
  readonly plan: Plan;
  readonly projectPath: string;
  readonly clone: WorkflowWork['clone'];
  readonly variables: Readonly<Record<string, string>>;
  /** Values by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Logins of registries by `host[:port]`, for whatever is pulled. */
  readonly registries: LeaseSecrets['registries'];
  /** Image that was built for the plan before, which is taken in place of a new one; null: it is built. */
  readonly image: RecordedImage | null;
  /** Where its artifacts go and those of others come from; absent: none are kept, and it takes none. */
  readonly artifacts?: ArtifactShelf | undefined;
  readonly decided?: Decided | undefined;
  readonly images?: Map<string, NamedImage> | undefined;
  /** What its caches are those of; default: the working tree. */
  readonly cachesFor?: string;
  /** False for the build of a fork, which gets no path of this host; default: it is one's own. */
  readonly isTrusted?: boolean;
  /** Whether what it waited for has failed; default: it has not. */
  readonly isAfterFailure?: boolean | undefined;
  readonly settings: LocalRunSettings;
  /** Abort it with a `Stop` as reason: steps end within their grace. */
  readonly signal: AbortSignal;
  /** Asked once, with the rows that will be told of. */
  readonly audience: (rows: WorkflowWork['steps']) => RunAudience;
  /** The container of a failed step goes when it resolves; absent: at once. */
  readonly onStepFailed?: (step: FailedStep, engine: Engine, signal: AbortSignal) => Promise<void>;
  /** Told of what could not be removed at the end; the next run tries again. */
  readonly onLeftover: (error: unknown) => void;
}

/**
 * Runs a plan on this machine's engine with a worker's own code, on a copy of the working tree, without a server. What it
 * made in the engine is gone when it resolves; what runs left that were killed goes first.
 * @throws Problem `engine_missing`, `part_missing`.
 */
export async function runLocally(run: LocalRun): Promise<Outcome> {
  const { settings } = run;
  await demandHostVolumes(settings.hostVolumes, settings);
  const engine = connectEngine(
    settings.dockerHost,
    process.env,
    settings.deadManSwitchMs,
    settings.registryIdleMs,
  );
  try {
    if (!(await engine.isUp())) throw new Problem('engine_missing', { host: settings.dockerHost });
    const buildClient = await demandBuildClient();
    const runs = await openOwnRuns(settings.dir);
    const owner = { isLeaseAlive: (leaseId: string) => runs.isAlive(leaseId), holdsName: async () => true };
    await reapLeftovers(engine, runs.name, owner).catch(run.onLeftover);
    await clearLeftovers(engine, runs.checkouts, owner).catch(run.onLeftover);
    const caches = cacheStore(settings);
    await caches.clearLeftovers(owner.isLeaseAlive).catch(run.onLeftover);
    await runs.forgetDead();

    const work = workOf(run);
    const lease = localLease({
      id: newId('lea'),
      work,
      secrets: { values: run.secrets, registries: run.registries },
      audience: run.audience(work.steps),
      signal: run.signal,
      artifacts: run.artifacts,
      decided: run.decided,
      images: run.images,
    });
    await runs.begin(lease.id);
    const outcome = await runWorkflow(lease, {
      engine,
      buildClient,
      bringFiles: (wanted) => copyWorkingTree({ ...wanted, tree: run.tree }),
      checkouts: runs.checkouts,
      workerName: runs.name,
      caBundle: settings.caBundle,
      registryIdleMs: settings.registryIdleMs,
      steps: {
        ...STEP_SETTINGS,
        networkRange: settings.buildNetworks,
        helperPath: settings.helper,
        hostVolumes: settings.hostVolumes,
        deadManSwitchMs: settings.deadManSwitchMs,
      },
      caches,
      ...(run.image === null ? {} : { takeImage: imageTaker(engine, run.image, run.registries) }),
      onStepFailed: async (step, signal) => run.onStepFailed?.(step, engine, signal),
      onLeftover: run.onLeftover,
    });
    await runs.end(lease.id);
    return outcome;
  } finally {
    engine.close();
  }
}

function cacheStore({ cachesDir, keepCachesBytes, diskLow }: LocalRunSettings): CacheStore {
  return new CacheStore({ directory: cachesDir, keepBytes: keepCachesBytes, diskLow });
}

/** Whoever runs it here may read and write all of them. */
function cachesOf(name: string): CacheSpaces {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return { own: trustedSpace(`local-${hash}`), others: [] };
}

/** Pulls the image; one that cannot be had is built of the commit again, which the log says. */
function imageTaker(
  engine: Engine,
  { reference, imageId }: RecordedImage,
  registries: LeaseSecrets['registries'],
): TakeImage {
  return async (log, signal) => {
    const credentials = registries[registryHost(reference)] ?? null;
    try {
      const id = await ensureImage({ engine, reference, imageId, credentials, log, signal });
      await log.say(`The image is the one of the build, ${reference}.`);
      return id;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'registry_failed') throw error;
      await log.say(
        `${error.message} The image is built of the commit instead, and may differ from the one of the build.`,
      );
      return null;
    }
  };
}

function workOf(run: LocalRun): WorkflowWork {
  const { plan, projectPath, clone, variables, tree, cachesFor, isTrusted = true, artifacts } = run;
  const takes = artifacts?.taken(plan) ?? null;
  return {
    kind: 'workflow',
    workflowId: newId('wfl'),
    attempt: 1,
    build: { id: newId('bld'), number: 1, projectId: newId('prj'), projectPath },
    clone,
    plan: { ...plan, push: null, deploys: [] },
    variables,
    steps: workflowRows({ ...plan, push: null }).map(({ kind, name, attempts }) => ({
      stepId: newId('stp'),
      attemptId: newId('att'),
      kind,
      name,
      retries: Array.from({ length: attempts - 1 }, () => ({ attemptId: newId('att') })),
    })),
    registry: null,
    isTrusted,
    caches: cachesOf(cachesFor ?? tree.root),
    ...(takes === null ? {} : { takes }),
    ...(run.isAfterFailure === true ? { isAfterFailure: true } : {}),
  };
}
