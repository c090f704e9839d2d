import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEnd } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import {
  startPublicLoad,
  unansweredByHttpd,
  type PublicAnswer,
  type PublicLoad,
} from '../../router/support/public-load.ts';
import type { HostedRepository } from '../../support/git-host.ts';
import { waitFor } from '../../support/wait.ts';
import type { MutantName } from '../mutants.ts';
import { Random } from '../random.ts';
import { checkLive, checkRound } from './check-round.ts';
import { AppLogs } from './check-logs.ts';
import { endsApps, FAULTS, inflict, type VictimFault } from './faults.ts';
import { EngineBroken, startGround, type Ground } from './ground.ts';
import { startLogReader, type LogReader } from './log-reader.ts';
import { buildOf, phaseOf, phaseOfFault, PHASES, type Phase, type PhaseAtFault } from './phase.ts';
import { drawRounds, pairOf, planName, type RoundPlan } from './plan-rounds.ts';
import { addProjects, HOST, KINDS, pushTo, type Kind, type Pushed } from './projects.ts';
import { watchVersions, wrongInVersions, type Versions } from './versions.ts';

export interface PathRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  /** All of {@link FAULTS} unless told. */
  readonly faults?: readonly VictimFault[];
  /** Phases that the seed draws from; all unless told. */
  readonly aims?: readonly Phase[];
  /** These, in place of those that the seed draws. */
  readonly plans?: readonly RoundPlan[];
  /** What Slipway is instead of itself. */
  readonly mutant?: MutantName;
  /** The record is in a PostgreSQL. */
  readonly isPostgres?: boolean;
  /** End at the first round that finds something. */
  readonly untilRed?: boolean;
  /** Ends after the round that is under way. */
  readonly signal?: AbortSignal;
  readonly onRound?: (round: PathRound) => void;
}

export interface PathRound {
  readonly plan: RoundPlan;
  /** `--round` that runs it again. */
  readonly name: string;
  /** Where the build that deploys was when it happened. */
  readonly at: PhaseAtFault;
  readonly took: RoundTimes;
  readonly verdicts: readonly string[];
  readonly problems: readonly string[];
}

/** How long the parts of a round took, ms. */
export interface RoundTimes {
  /** From the pushes to the phase. */
  readonly reach: number;
  readonly fault: number;
  /** Until every build and deployment is over. */
  readonly end: number;
  readonly check: number;
}

const STUCK_MS = 150_000;
const LOOK_MS = 15;

/**
 * Rounds of a fault each, on real builds and deployments, one after the other on one installation. What they do follows
 * from the seed; see {@link drawRounds}. An engine that its own bug keeps from starting again is no finding: it is told,
 * and the rounds go on on another installation.
 */
export async function runPathRounds(options: PathRoundsOptions): Promise<readonly PathRound[]> {
  const draw = drawRounds(options.seed, options.faults ?? FAULTS, options.aims);
  const course: Course = { rounds: [], covered: new Set(), draw };
  for (let installations = 1; (await runOnGround(options, course)) === 'engine broken'; installations++) {
    console.log(
      `  the engine cannot start again (a bug of its own): on with installation ${installations + 1}`,
    );
    if (installations === MOST_INSTALLATIONS) throw new Error('the engine cannot start again, too often');
  }
  return course.rounds;
}

const MOST_INSTALLATIONS = 5;

interface Course {
  readonly rounds: PathRound[];
  readonly covered: Set<string>;
  readonly draw: ReturnType<typeof drawRounds>;
}

async function runOnGround(
  options: PathRoundsOptions,
  { rounds, covered, draw }: Course,
): Promise<'over' | 'engine broken'> {
  const ground = await startGround(options);
  let load: PublicLoad | null = null;
  let versions: Versions | null = null;
  const reader = startLogReader(ground.system);
  const apps = new AppLogs(ground, reader);
  try {
    const repositories = await addProjects(ground);
    let live = await firstRelease(ground, repositories, apps);
    let standby: string | null = null;
    const port = Number(new URL(ground.system.routerUrl).port);
    load = startPublicLoad({ port, host: HOST, clients: 2, websockets: 0, pauseMs: 20, paths: ['/'] });
    versions = watchVersions(ground.system);
    for (let n = rounds.length; n < options.rounds && options.signal?.aborted !== true; n++) {
      const plan = options.plans?.[n] ?? draw.next(covered);
      const parts: RoundGround = { plan, repositories, live, standby, load, versions, reader, apps, n };
      const { round, version } = await runRound(ground, parts).catch(async (error: unknown) => {
        if (error instanceof EngineBroken) throw error;
        throw new Error(`${planName(plan)}: ${String(error)}\n${await saidBy(ground)}`, { cause: error });
      });
      if (version !== live) standby = live;
      live = version;
      rounds.push(round);
      const phase = phaseOfFault(round.at);
      if (phase !== null) covered.add(pairOf({ ...plan, phase }));
      options.onRound?.(round);
      const isRed = round.problems.length > 0;
      const isStuck = round.problems.some((text) => text.includes('stuck'));
      if (isStuck) console.error(await saidBy(ground));
      // What is stuck would be in the way of every round to come.
      if (isStuck || (isRed && options.untilRed)) break;
    }
    return 'over';
  } catch (error) {
    if (!(error instanceof EngineBroken)) {
      // Before anything else: what fails while it is put away must not hide it.
      console.error(error);
      throw error;
    }
    return 'engine broken';
  } finally {
    await Promise.all([load?.stop(), versions?.stop(), reader.stop()]);
    await ground.stop();
  }
}

interface RoundGround {
  readonly plan: RoundPlan;
  readonly repositories: Readonly<Record<Kind, HostedRepository>>;
  /** Version that serves. */
  readonly live: string;
  /** That served before; null while there was none. */
  readonly standby: string | null;
  readonly load: PublicLoad;
  readonly versions: Versions;
  readonly reader: LogReader;
  readonly apps: AppLogs;
  /** Its number. */
  readonly n: number;
}

async function runRound(
  ground: Ground,
  { plan, repositories, live, standby, load, versions, reader, apps, n }: RoundGround,
): Promise<{ round: PathRound; version: string }> {
  const { system } = ground;
  const random = new Random(plan.seed);
  const delay = random.next();
  const from = load.answers.length;
  versions.take();
  const mayBegin = plan.phase === 'waiting' ? await heldWaiting(ground) : null;
  const startMs = performance.now();
  const pushes: Pushed[] = [];
  for (const kind of [...KINDS].reverse())
    pushes.push(await pushTo(system, kind, repositories[kind], `${n}-${kind}`));
  reader.follow(pushes.map(({ commit }) => commit));
  const deploys = pushes.find(({ kind }) => kind === 'deploys');
  const commit = deploys?.commit ?? '';
  const before = await untilPhase(ground, commit, { aim: plan.phase, delay });
  const hitMs = performance.now();
  const fault = inflict(ground, plan, random);
  const [after, wrong] = await Promise.all([phaseAfter(ground, commit, plan), fault]);
  const problems: string[] = [...wrong];
  await mayBegin?.();
  const healedMs = performance.now();
  const stuck: string[] = [];
  const builds = await Promise.all(pushes.map((pushed) => untilOver(ground, pushed, stuck)));
  problems.push(...stuck);
  const [, , last] = builds;
  const deployed = last?.deployments[0];
  const version = deployed?.status === 'success' ? (deploys?.version ?? '') : live;
  await liveAgain(ground, version);
  const backMs = performance.now();
  if (stuck.length === 0) problems.push(...(await checkRound(ground, pushes, { at: plan, reader, apps })));
  problems.push(...(await checkLive(ground, version)));
  problems.push(...checkAnswers(load.answers.slice(from), plan, [hitMs, backMs]));
  const served = { before: live, standby, after: version };
  problems.push(...wrongInVersions(versions.take(), plan, served));
  const verdicts = builds.map((build, index) => `${pushes[index]?.kind ?? ''} ${build?.status ?? 'stuck'}`);
  if (deployed !== undefined) verdicts.push(`deployment ${deployed.status}`);
  const took = {
    reach: hitMs - startMs,
    fault: healedMs - hitMs,
    end: backMs - healedMs,
    check: performance.now() - backMs,
  };
  const at = { before, after };
  return { round: { plan, name: planName(plan), at, took, verdicts, problems }, version };
}

/**
 * Waits for the phase, or a later one, and some more.
 * @returns The phase then, which may be over already.
 */
async function untilPhase(
  { system }: Ground,
  commit: string,
  { aim, delay }: { readonly aim: Phase; readonly delay: number },
): Promise<Phase> {
  const from = PHASES.indexOf(aim);
  for (;;) {
    const phase = phaseOf(await buildOf(system, commit));
    if (PHASES.indexOf(phase) >= from) {
      if (phase !== aim) return phase;
      await sleep(delay * DELAYS[phase]);
      return phaseOf(await buildOf(system, commit));
    }
    await sleep(LOOK_MS);
  }
}

/**
 * Builds wait, which they else do for some milliseconds, too short to be hit: the worker drains.
 * @returns Lets it take them.
 */
async function heldWaiting({ system }: Ground): Promise<() => Promise<void>> {
  const tell = (verb: 'drain' | 'undrain') => system.api('POST', `/workers/${system.workerName}/${verb}`);
  await tell('drain');
  return async () => void (await waitFor('the worker takes builds again', () => tell('undrain')));
}

/** Looked at while the fault goes on, which says where the build was when it began; null where that took who answers. */
async function phaseAfter({ system }: Ground, commit: string, at: VictimFault): Promise<Phase | null> {
  if (!mayAnswer(at)) return null;
  return buildOf(system, commit).then(phaseOf, () => null);
}

const mayAnswer = ({ victim, fault }: VictimFault): boolean =>
  victim !== 'database' && (victim !== 'server' || fault === 'fill' || fault === 'clock');

/** At most this much later, so that it still happens in the phase. */
const DELAYS: Readonly<Record<Phase, number>> = {
  intake: 50,
  waiting: 300,
  clone: 100,
  image: 300,
  test: 1_800,
  preparing: 300,
  switching: 20,
  over: 300,
};

async function untilOver(
  { system }: Ground,
  { commit, kind }: Pushed,
  problems: string[],
): Promise<BuildView | null> {
  let seen: BuildView | null = null;
  const isOver = async (): Promise<boolean> => {
    seen = await buildOf(system, commit);
    return seen !== null && isEnd(seen.status) && seen.deployments.every(({ status }) => isEnd(status));
  };
  await waitFor(`${kind} is over`, isOver, STUCK_MS).catch((error: unknown) => {
    const deployments = (seen?.deployments ?? []).map(({ status, phase }) => `${status} ${phase}`).join();
    problems.push(`${kind} is stuck: ${seen?.status ?? 'no build'} ${deployments} (${String(error)})`);
  });
  return seen;
}

/** Where the engine or the router was away, what serves comes back. */
async function liveAgain({ system }: Ground, version: string): Promise<void> {
  const serves = async (): Promise<boolean> => (await system.ask(HOST)).text.trim() === version;
  await waitFor('live serves', serves, 30_000).catch(() => undefined);
}

/** Live answers every request that may be repeated, but from the fault until live serves again where router or apps were hit. */
function checkAnswers(
  answers: readonly PublicAnswer[],
  at: VictimFault,
  [hitMs, backMs]: readonly [number, number],
): readonly string[] {
  const counted = answers.filter(
    ({ startedMs, endedMs }) => !mayBeAway(at) || endedMs < hitMs || startedMs > backMs,
  );
  const bad = unansweredByHttpd(counted);
  const first = bad[0];
  return first === undefined
    ? []
    : [
        `live did not answer ${bad.length} of ${counted.length}: ${first.method} ${first.status ?? first.error ?? ''}`,
      ];
}

const mayBeAway = (at: VictimFault): boolean => at.victim === 'router' || endsApps(at);

/** The last that server and worker have logged, without the requests. */
async function saidBy({ system }: Ground): Promise<string> {
  const read = async (name: string): Promise<readonly string[]> => {
    const text = await readFile(path.join(system.dir, name), 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => !line.includes('"msg":"request"'));
    return [`--- ${name}`, ...lines.slice(-40)];
  };
  return [...(await read('server.log')), ...(await read('worker.log'))].join('\n');
}

async function firstRelease(
  ground: Ground,
  repositories: Readonly<Record<Kind, HostedRepository>>,
  apps: AppLogs,
): Promise<string> {
  const pushed = await pushTo(ground.system, 'deploys', repositories.deploys, 'first');
  const problems: string[] = [];
  const build = await untilOver(ground, pushed, problems);
  if (build?.deployments[0]?.status !== 'success')
    throw new Error(`the first release is not there: ${JSON.stringify(build)} ${problems.join()}`);
  apps.add(build, pushed);
  return 'first';
}
