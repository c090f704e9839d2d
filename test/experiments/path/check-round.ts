import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isEnd } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../../src/core/views/delivery-view.ts';
import type { EnvironmentView } from '../../../src/core/views/environment-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { StepView } from '../../../src/core/views/workflow-view.ts';
import { listApps } from '../../../worker/deploy/app-container.ts';
import { connectEngine } from '../../../worker/engine/connect-engine.ts';
import type { Engine } from '../../../worker/engine/engine.ts';
import { LABELS } from '../../../worker/engine/labels.ts';
import { digestOf, stagedManifests } from '../../scenarios/support/registry.ts';
import { waitFor } from '../../support/wait.ts';
import { checkLogs, type AppLogs, type Ended } from './check-logs.ts';
import { endsApps, type VictimFault } from './faults.ts';
import type { Ground } from './ground.ts';
import type { LogReader } from './log-reader.ts';
import { buildOf } from './phase.ts';
import { orphansOf } from './orphans.ts';
import { HOST, type Pushed } from './projects.ts';
import { temporaryFiles } from './temporary-files.ts';

/** The repository that the project which deploys is pushed to. */
const PUSHED = 'chaos/deploys';
/** The reaper comes every 30 s. */
const CLEAN_MS = 75_000;

/** Holds what a round may not break; what it did break, in words. */
export async function checkRound(
  ground: Ground,
  pushes: readonly Pushed[],
  { at, reader, apps }: { readonly at: VictimFault; readonly reader: LogReader; readonly apps: AppLogs },
): Promise<readonly string[]> {
  const problems: string[] = [];
  const { system } = ground;
  for (const pushed of pushes) {
    const build = await buildOf(ground.system, pushed.commit);
    if (build === null) problems.push(`${pushed.kind}: the push has no build`);
    else
      problems.push(
        ...(await checkBuild({ system, reader, pushed, build, at })).map((text) => `${pushed.kind}: ${text}`),
      );
    problems.push(...(await checkDelivery(ground, pushed, build)));
    if (build !== null) problems.push(...(await checkTold(ground, pushed, build)));
    if (build !== null) apps.add(build, pushed);
  }
  if (endsApps(at)) apps.engineEnded();
  problems.push(...(await apps.check()));
  problems.push(...reader.takeProblems());
  problems.push(...(await checkLeft(ground)));
  return problems;
}

/** Verdicts that a fault may bring beside the build's own: what a worker or an engine had begun dies with it. */
function mayEnd({ kind }: Pushed, { victim, fault }: VictimFault): readonly string[] {
  const own = kind === 'fails' ? 'failure' : 'success';
  const isPassing =
    ['server', 'redis', 'router', 'github', 'database'].includes(victim) || ['nap', 'clock'].includes(fault);
  return isPassing && victim !== 'engine' && victim !== 'registry' ? [own] : [own, 'error'];
}

async function checkBuild({ system, reader, pushed, build, at }: Ended): Promise<readonly string[]> {
  const problems: string[] = [];
  if (!mayEnd(pushed, at).includes(build.status))
    problems.push(`it ended with ${build.status} (${build.reason ?? 'no reason'})`);
  if (build.status === 'error' && build.reason === null) problems.push('an error without a reason');
  const rows = build.workflows.flatMap(({ steps }) => steps);
  for (const row of rows) problems.push(...checkRow(row, build));
  problems.push(...(await checkLogs({ system, reader, pushed, build, at })));
  if (pushed.kind === 'deploys') problems.push(...(await checkTag(system, build)));
  if (build.deployments.length !== (pushed.kind === 'deploys' ? 1 : 0))
    problems.push(`it has ${build.deployments.length} deployments`);
  for (const { status, reason } of build.deployments) {
    if (!isEnd(status)) problems.push(`its deployment is ${status}`);
    if (build.status !== 'success' && status === 'success') problems.push('it is deployed, and not green');
    // There is never a newer one that it would give way to.
    if (build.status === 'success' && status === 'skipped')
      problems.push(`it is green, and its deployment was skipped: ${reason ?? ''}`);
    if (status === 'failure') problems.push(`its deployment failed: ${reason ?? ''}`);
  }
  return problems;
}

/** What is green is in the registry under its tag, and what is not was never named. */
async function checkTag({ registryUrl }: Ground['system'], build: BuildView): Promise<readonly string[]> {
  const tagged = await digestOf(registryUrl, PUSHED, build.commit);
  const expected = build.status === 'success' ? (build.pushed?.digest ?? 'no digest') : null;
  return tagged === expected
    ? []
    : [`its tag stands for ${tagged ?? 'nothing'}, not for ${expected ?? 'nothing'}`];
}

function checkRow({ name, status }: StepView, build: BuildView): readonly string[] {
  if (!isEnd(status)) return [`${name} is ${status} in an ended build`];
  return build.status === 'success' && status !== 'success' ? [`${name} is ${status} in a green build`] : [];
}

async function checkDelivery(
  { system }: Ground,
  { hostDeliveryId, kind }: Pushed,
  build: BuildView | null,
): Promise<readonly string[]> {
  const { items } = await system.api<Page<DeliveryView>>('GET', '/deliveries');
  const found = items.filter((item) => item.hostDeliveryId === hostDeliveryId);
  const [delivery] = found;
  if (found.length !== 1 || delivery === undefined)
    return [`${kind}: its delivery is there ${found.length} times`];
  const ids = build === null ? [] : [build.id];
  return delivery.outcome === 'built' && delivery.buildIds.join() === ids.join()
    ? []
    : [`${kind}: its delivery is ${delivery.outcome} with ${delivery.buildIds.join() || 'no build'}`];
}

/** GitHub shows the verdicts of the record for the commit, and has never shown another one. */
async function checkTold({ github }: Ground, { kind }: Pushed, build: BuildView): Promise<readonly string[]> {
  const verdicts = (context: string) => {
    const told = github.statuses.filter((one) => one.commit === build.commit && one.context === context);
    return { last: told.at(-1)?.state ?? 'nothing', ends: told.map(({ state }) => state).filter(isVerdict) };
  };
  const wanted = [{ context: 'slipway/build', state: build.status as string }];
  for (const { environment, status } of build.deployments)
    if (status === 'success') wanted.push({ context: `slipway/deploy/${environment}`, state: status });
  const problems: string[] = [];
  for (const { context, state } of wanted) {
    const isTold = (): boolean => verdicts(context).last === state;
    await waitFor(`GitHub is told ${context}`, async () => isTold(), TOLD_MS).catch(() => undefined);
    const { last, ends } = verdicts(context);
    if (last !== state) problems.push(`${kind}: GitHub shows ${last} as ${context}, not ${state}`);
    const others = ends.filter((end) => end !== state);
    if (others.length > 0) problems.push(`${kind}: GitHub was told ${others.join()} as ${context}`);
  }
  const isLive = build.deployments.some(({ status }) => status === 'success');
  const wronglyLive = github.statuses.some(
    (one) =>
      one.commit === build.commit && one.context.startsWith('slipway/deploy/') && one.state === 'success',
  );
  if (wronglyLive && !isLive) problems.push(`${kind}: GitHub was told of a deployment that is none`);
  return [...problems, ...github.violations.map((violation) => `GitHub: ${violation}`)];
}

const isVerdict = (state: string): boolean => state !== 'pending';
/** A status that did not come through is set again after at most so long. */
const TOLD_MS = 60_000;

/** What serves is what the record says, on as many containers as there are slots; of builds nothing is there. */
export async function checkLive(ground: Ground, version: string): Promise<readonly string[]> {
  let problems: readonly string[] = [];
  // Where the engine was away, the worker removes what the record does not name when it is back.
  const isGood = async (): Promise<boolean> => (problems = await lookAtLive(ground, version)).length === 0;
  await waitFor('what serves is as the record says', isGood, CLEAN_MS).catch(() => undefined);
  return problems;
}

async function lookAtLive({ system, dockerHost }: Ground, version: string): Promise<readonly string[]> {
  const problems: string[] = [];
  const { text, status } = await system.ask(HOST);
  if (text.trim() !== version) problems.push(`${HOST} answers ${status} ${text.trim()}, not ${version}`);
  const [environment] = (await system.api<Page<EnvironmentView>>('GET', '/environments')).items;
  const used = (environment?.slots ?? []).filter(({ role }) => role !== 'empty');
  if (used.filter(({ role }) => role === 'live').length !== 1) problems.push('there is not one live slot');
  if (used.some(({ role }) => role === 'candidate')) problems.push('a candidate stands without a deployment');
  const engine = connectEngine(dockerHost);
  try {
    const apps = await listApps(engine, path.join(system.dir, 'router'));
    const [slots, byRecord] = [apps.map(({ slot }) => slot), used.map(({ index }) => Number(index))];
    if (slots.sort().join() !== byRecord.sort().join())
      problems.push(`apps are in the slots ${slots.join()}, by the record in ${byRecord.join()}`);
    if (apps.some(({ running }) => !running)) problems.push('an app of a slot does not run');
  } finally {
    engine.close();
  }
  return problems;
}

async function checkLeft(ground: Ground): Promise<readonly string[]> {
  let left: readonly string[] = [];
  const isClean = async (): Promise<boolean> => (left = await whatIsLeft(ground)).length === 0;
  await waitFor('nothing is left', isClean, CLEAN_MS).catch(() => undefined);
  return left.map((one) => `left: ${one}`);
}

async function whatIsLeft({ system, dockerHost, temporary }: Ground): Promise<readonly string[]> {
  const engine = connectEngine(dockerHost);
  try {
    const images = (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    return [
      ...(await leftInEngine(engine, path.join(system.dir, 'router'))),
      ...images.filter((name) => /^slipway-build\/|slipway-staging\//.test(name)),
      ...(await stagedManifests(system.registryUrl)),
      ...(await entries(path.join(system.dir, 'worker/checkouts'))),
      ...(await entries(temporary)),
      ...(await temporaryFiles(path.join(system.dir, 'data'))),
      ...(await temporaryFiles(path.join(system.dir, 'worker'))),
      ...orphansOf(system.dir).map((text) => `the process ${text}`),
      // Logs of apps and of their router live on.
      ...(await entries(path.join(system.dir, 'worker/spool'))).filter((name) => !name.includes('/router-')),
    ];
  } finally {
    engine.close();
  }
}

/** Nobody else uses the engine: all that is in it counts, by whatever labels, but apps, their network and the helper. */
async function leftInEngine(engine: Engine, routerDir: string): Promise<readonly string[]> {
  const { containers, networks, volumes } = await engine.listOwned([]);
  const apps = new Set((await listApps(engine, routerDir)).map(({ id }) => id));
  const ownNetworks = new Set(['bridge', 'host', 'none']);
  return [
    ...containers.filter(({ id }) => !apps.has(id)).map(({ id }) => `the container ${id}`),
    ...networks
      .filter(({ id, labels }) => !ownNetworks.has(id) && !('slipway.apps' in labels))
      .map(({ id }) => `the network ${id}`),
    ...volumes.filter(({ labels }) => !(LABELS.helper in labels)).map(({ id }) => `the volume ${id}`),
  ];
}

const entries = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder).catch(() => [])).map((name) => path.join(path.basename(folder), name));
