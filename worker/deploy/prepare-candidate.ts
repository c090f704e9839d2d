import type { DeploymentPhase } from '../../src/core/deployment.ts';
import { PHASES } from '../../src/core/deployment.ts';
import { Problem } from '../../src/core/problem.ts';
import { TIMES } from '../../config/times.ts';
import { LABELS } from '../engine/labels.ts';
import { badOutcome, outcomeOfProblem, type BadOutcome, type Outcome } from '../outcome.ts';
import { readCounters } from '../router/in-flight.ts';
import { sideName } from '../router/render-router.ts';
import { slotBackend } from '../router/server-lines.ts';
import { keepRunning, lastLines, listApps, removeApp } from './app-container.ts';
import { ensureAppNetwork } from './app-network.ts';
import { appVariables } from './app-variables.ts';
import { askApp, askCandidate } from './ask-candidate.ts';
import { openCandidateDoor } from './candidate-door.ts';
import { awaitListening } from './await-listening.ts';
import { checkHealth, isPass } from './check-health.ts';
import { createAhead, createCandidate, type Candidate } from './create-candidate.ts';
import type { Deploying } from './deploying.ts';
import { holdApp, letGo } from './hold-app.ts';
import { onFetchedImage } from './on-fetched-image.ts';
import { runSmoke } from './run-smoke.ts';

/**
 * Brings the candidate to where a switch is all that is left: pulled, created, held at its start where that can be,
 * allowed, started, proven to be the tested image, healthy, smoked. Null when it is; else why not, with live
 * untouched. Repeats what an earlier attempt had begun, on its container where there is one.
 */
export async function prepareCandidate(deploying: Deploying): Promise<Outcome | null> {
  await holdAhead(deploying);
  const early = await waitForRelease(deploying);
  if (early !== null) return early;
  const { settings } = deploying.release;
  if (settings.prepare === 'after-tests') {
    const refused = await waitForVerdict(deploying);
    if (refused !== null) return refused;
  }
  if (deploying.isHot && (await standbyServes(deploying))) return waitForVerdict(deploying);
  const app = appVariables(deploying.work.environment, deploying.release, deploying.secrets.values);
  if (app.missing.length > 0) return badOutcome('app_secret_missing', { names: app.missing.join(', ') });
  await enter(deploying, 'pulling');
  const candidate = await createCandidate(deploying, app);
  if (candidate.kind === 'unfit') return badOutcome('app_not_startable', { cause: candidate.reason });
  const container = candidate.id;
  await hold(deploying, candidate);
  return (
    (await waitForVerdict(deploying)) ??
    (await start(deploying, candidate)) ??
    (await isTestedImage(deploying, container)) ??
    (await isHealthy(deploying, container)) ??
    (await passesSmoke(deploying, container, app.variables)) ??
    (await isFit(deploying, container))
  );
}

/** Removes what was prepared: the candidate is gone from router and engine, live and standby are untouched. */
export async function undoCandidate(deploying: Deploying): Promise<void> {
  const { work, tools } = deploying;
  const applied = await tools.router.put(deploying.after({ type: 'abort', candidate: work.candidate }));
  // A newer claim has the environment: what stands in the slot is no longer ours.
  if (!applied.ok && applied.refusal.kind === 'stale') return;
  const began = PHASES.indexOf(deploying.phase) >= PHASES.indexOf('starting');
  for (const app of await listApps(tools.engine, tools.router.dir, work.environment.id))
    if (app.deploymentId === work.deploymentId) await removeApp(tools, app, began ? TIMES.stepGrace : 0);
}

/**
 * Uses the time of the push: the container is created of the image as it was built, and held. What the release is then made of
 * decides whether it is taken.
 */
async function holdAhead(deploying: Deploying): Promise<void> {
  const { work, secrets, tools } = deploying;
  const built = work.release === null ? (work.built ?? null) : null;
  if (built === null || built.settings.prepare === 'after-tests') return;
  const app = appVariables(work.environment, built, secrets.values);
  if (app.missing.length > 0) return;
  await enter(deploying, 'pulling');
  const candidate = await createAhead(deploying, built, app);
  if (candidate !== null) await holdApp(tools.engine, candidate);
}

async function waitForRelease(deploying: Deploying): Promise<Outcome | null> {
  if (deploying.work.release !== null) return null;
  await deploying.log.say('Waiting for the image.');
  const { lease } = deploying;
  const signals = await lease.whenSignals(
    ({ release, verdict, cancel }) => release !== null || verdict === 'abort' || cancel !== null,
  );
  if (signals.release === null) return aborted(deploying);
  deploying.know(signals.release);
  return null;
}

async function waitForVerdict(deploying: Deploying): Promise<Outcome | null> {
  const { lease, log } = deploying;
  if (lease.signals().verdict === 'wait') await log.say("Waiting for the build's verdict.");
  const { verdict, cancel } = await lease.whenSignals(
    (signals) => signals.verdict !== 'wait' || signals.cancel !== null,
  );
  return verdict === 'abort' || cancel !== null ? aborted(deploying) : null;
}

function aborted({ lease }: Deploying): Outcome {
  const cancel = lease.signals().cancel;
  if (cancel !== null) return { status: 'cancelled', reason: cancel.reason, exitCode: null };
  return { status: 'skipped', reason: 'the build did not succeed', exitCode: null };
}

/** Whether the standby is up by the router's own check and healthy at this moment; if not, its release is started again. */
async function standbyServes(deploying: Deploying): Promise<boolean> {
  const { tools, work, log, slot, release } = deploying;
  const { health, hosts, port } = release.settings;
  const [counters, answer] = await Promise.all([
    readCounters(tools.router.runtime, slotBackend(work.environment.backend, slot.index)),
    askApp(slot.address, port, hosts[0], health.path, STANDBY_MS),
  ]);
  const serves = counters.get('main')?.status.startsWith('UP') === true && isPass(answer);
  await log.say(
    serves
      ? 'The release runs as hot standby.'
      : `The standby is not fit (${answer.what}): starting it again.`,
  );
  return serves;
}

/** A hot standby answers within this. */
const STANDBY_MS = 1_000;

type Created = Exclude<Candidate, { readonly kind: 'unfit' }>;

/** While the verdict is still waited for, the time is used; later, letting go starts it as well. */
async function hold({ tools, lease }: Deploying, candidate: Created): Promise<void> {
  if (candidate.kind === 'held' && lease.signals().verdict === 'wait') await holdApp(tools.engine, candidate);
}

/** Lets the app begin and opens the side entrance to it. */
async function start(deploying: Deploying, candidate: Created): Promise<Outcome | null> {
  const { tools } = deploying;
  // The wait may have been one of hours: what the engine did in it says nothing of an app that starts only now.
  await deploying.watch();
  await enter(deploying, 'starting');
  const [, applied] = await Promise.all([
    candidate.kind === 'held' ? letGo(tools.engine, candidate) : startUnlessRunning(deploying, candidate.id),
    tools.router.put(deploying.prepared),
  ]);
  if (applied.ok) return null;
  return applied.refusal.kind === 'stale'
    ? badOutcome('deployment_overtaken')
    : problem(applied.refusal.problem);
}

async function startUnlessRunning({ tools }: Deploying, container: string): Promise<void> {
  const facts = await tools.engine.inspectContainer(container);
  if (facts?.running !== true) await tools.engine.startContainer(container);
}

/** Done is observed: the container runs the very image that was tested. */
async function isTestedImage(deploying: Deploying, container: string): Promise<Outcome | null> {
  const { tools, release, log } = deploying;
  const seen = (await tools.engine.inspectContainer(container))?.imageId ?? 'nothing';
  // The classic image store names an image by its config, the containerd store by its manifest.
  if (seen !== release.imageId && seen !== release.digest)
    return problem(
      new Problem('digest_mismatch', { what: 'The started container', seen, expected: release.imageId }),
    );
  await log.say(`The container runs the tested image ${release.imageId}.`);
  return null;
}

async function isHealthy(deploying: Deploying, container: string): Promise<Outcome | null> {
  const { tools, work, log, release, lease } = deploying;
  await enter(deploying, 'checking');
  const { health: plan, port } = release.settings;
  const over = new AbortController();
  const health = await checkHealth({
    plan,
    listening: awaitListening(deploying.slot.address, port, AbortSignal.any([over.signal, lease.signal])),
    ask: (timeoutMs) =>
      askCandidate(tools.router.sideSocket, sideName(work.environment.backend), plan.path, timeoutMs),
    ended: () => howItEnded(deploying, container),
    signal: lease.signal,
  }).finally(() => over.abort());
  if (!health.healthy) return failureOfApp(deploying, container, health.end);
  await log.say(
    `Healthy: GET ${plan.path} passed ${plan.passes} times in a row after ${Math.round(health.tookMs)} ms.`,
  );
  return null;
}

async function passesSmoke(
  deploying: Deploying,
  container: string,
  variables: Readonly<Record<string, string>>,
): Promise<Outcome | null> {
  const { tools, work, log, release, lease } = deploying;
  const { smoke } = release.settings;
  if (smoke === null || PHASES.indexOf(deploying.phase) >= PHASES.indexOf('prepared')) return null;
  await enter(deploying, 'smoking');
  const name = sideName(work.environment.backend);
  const door = await openCandidateDoor(
    tools.router.sideSocket,
    name,
    await ensureAppNetwork(tools.engine, tools.network),
  );
  try {
    const failed = await runSmoke({
      engine: tools.engine,
      name: `slipway-smoke-${work.deploymentId}`,
      release,
      onImage: (create) => onFetchedImage(deploying, create),
      smoke,
      variables,
      labels: { [LABELS.lease]: lease.id, [LABELS.worker]: tools.workerName },
      networkName: tools.network.name,
      candidateUrl: door.url,
      log,
      signal: lease.signal,
    });
    return failed === null ? null : await failureOfApp(deploying, container, failed);
  } finally {
    await door.close();
  }
}

/** The last look before the point of no return. */
async function isFit(deploying: Deploying, container: string): Promise<Outcome | null> {
  const { tools, lease } = deploying;
  const stays = async (): Promise<string | null> => {
    await keepRunning(tools.engine, container);
    return howItEnded(deploying, container);
  };
  const [ended, refusal] = await Promise.all([stays(), tools.router.refusal(deploying.switched)]);
  if (ended !== null) return failureOfApp(deploying, container, badOutcome('app_ended', { end: ended }));
  if (refusal?.kind === 'problem') return problem(refusal.problem);
  lease.signal.throwIfAborted();
  await enter(deploying, 'prepared');
  return null;
}

async function enter(deploying: Deploying, phase: DeploymentPhase): Promise<void> {
  deploying.lease.signal.throwIfAborted();
  await deploying.enter(phase);
}

async function howItEnded({ tools }: Deploying, container: string): Promise<string | null> {
  const facts = await tools.engine.inspectContainer(container);
  if (facts === null) return 'its container removed';
  if (facts.running) return null;
  return facts.oomKilled ? 'no memory left' : `exit code ${facts.exitCode ?? 'unknown'}`;
}

/** Shows the last that the app has said above why it is not fit. */
async function failureOfApp({ tools, log }: Deploying, container: string, end: BadOutcome): Promise<Outcome> {
  const lines = await lastLines(tools.engine, container, LAST_LINES).catch(() => []);
  if (lines.length > 0) await log.say(`The last ${lines.length} lines of the app:`);
  for (const line of lines) await log.write('stdout', Buffer.from(`${line}\n`));
  return end;
}

const LAST_LINES = 40;

function problem(cause: Problem): Outcome {
  return outcomeOfProblem(cause, { reason: `${cause.message} ${cause.fix}` });
}
