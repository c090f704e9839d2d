import { mayAbort } from '../../src/core/deployment.ts';
import { Problem } from '../../src/core/problem.ts';
import type { DeploymentWork } from '../../src/core/work.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { EngineLost } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import { maskedValues, reasonMasker } from '../logs/mask-reasons.ts';
import { outcomeOfError, outcomeOfProblem, type Outcome } from '../outcome.ts';
import type { Router } from '../router/open-router.ts';
import { LeaseLost, stopOf, type Lease } from '../server/lease.ts';
import type { AppContainer } from './app-container.ts';
import type { AppNetwork } from './app-network.ts';
import { Deploying } from './deploying.ts';
import { prepareCandidate, undoCandidate } from './prepare-candidate.ts';
import { recordSwitch, retireSlots, switchTraffic } from './switch-traffic.ts';

/** What a worker has to run deployments with; the same for all of them. */
export interface DeployTools {
  readonly engine: Engine;
  readonly router: Router;
  /** The worker's stable name. */
  readonly workerName: string;
  /** The network that apps live on; made when it is missing. */
  readonly network: AppNetwork;
  readonly clock: Clock;
  /** Ids of the environments that this process deploys to at this moment; kept by {@link runDeployment}. */
  readonly active: Set<string>;
  /** Told of an app that was stopped for good; when it resolves, its container is removed, and its output with it. */
  readonly sealLog: (app: AppContainer) => Promise<void>;
}

/**
 * Runs one deployment under its lease, from whatever phase is recorded to its end, reporting each phase before its
 * act. It rejects with LeaseLost when the lease is lost, and with EngineLost when the engine goes down before the switch: the
 * deployment is resumed then, once the engine is back. All else is an outcome, reported as `deployment.finished`.
 */
export async function runDeployment(lease: Lease<DeploymentWork>, tools: DeployTools): Promise<Outcome> {
  const secrets = await lease.secrets();
  const log = lease.openLog(lease.work.logId, maskedValues(secrets));
  const { id } = lease.work.environment;
  tools.active.add(id);
  const end = await deploy(new Deploying(lease, tools, secrets, log)).finally(() => tools.active.delete(id));
  const outcome = reasonMasker(secrets)(end);
  if (outcome.reason !== null) await log.say(outcome.reason);
  const { status, reason, code } = outcome;
  await lease.report({ type: 'deployment.finished', status, reason, code, logBytes: await log.end() });
  return outcome;
}

async function deploy(deploying: Deploying): Promise<Outcome> {
  // From the switch on it only goes forward: the traffic moves without the engine.
  if (mayAbort(deploying.phase)) {
    await deploying.watch();
    const unfit = await prepareAndRecord(deploying).catch((error: unknown) => unplanned(error, deploying));
    if (unfit !== null) {
      await demandEngine(unfit, deploying);
      await undoCandidate(deploying);
      return unfit;
    }
  }
  try {
    await switchTraffic(deploying);
    await retireSlots(deploying);
    await deploying.enter('done');
    return { status: 'success', reason: null, exitCode: null };
  } catch (error) {
    return unplanned(error, deploying);
  }
}

/**
 * Containers that an engine ends with itself say nothing of the app.
 * @throws EngineLost
 */
async function demandEngine(unfit: Outcome, deploying: Deploying): Promise<void> {
  const { lease, log } = deploying;
  const isVerdict = unfit.status === 'failure' || unfit.status === 'error';
  if (!isVerdict || lease.signal.aborted || !(await deploying.isEngineUnwell())) return;
  await log.say('The engine went down: the deployment is resumed once it is back.');
  throw new EngineLost(`the engine went down; before that: ${unfit.reason ?? unfit.status}`);
}

/** Up to the point of no return, which the server may refuse. */
async function prepareAndRecord(deploying: Deploying): Promise<Outcome | null> {
  const unfit = await prepareCandidate(deploying);
  if (unfit === null) await recordSwitch(deploying);
  return unfit;
}

/** What ended it by surprise: a cancel's reason, else an error of ours. A lost lease has nobody to tell. */
function unplanned(error: unknown, { lease, phase }: Deploying): Outcome {
  const stop = stopOf(lease.signal);
  if (error instanceof LeaseLost) throw error;
  if (stop?.kind === 'lost') throw new LeaseLost(stop);
  if (stop !== null && mayAbort(phase)) return { status: 'cancelled', reason: stop.reason, exitCode: null };
  return error instanceof Problem
    ? outcomeOfProblem(error, { reason: `${error.message} ${error.fix}` })
    : outcomeOfError(error);
}
