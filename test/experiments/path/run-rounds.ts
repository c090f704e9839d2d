import { setTimeout as sleep } from 'node:timers/promises';
import { isEnd } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/view.ts';
import { startPublicLoad, type PublicAnswer, type PublicLoad } from '../../router/support/public-load.ts';
import type { HostedRepository } from '../../support/git-host.ts';
import { waitFor } from '../../support/wait.ts';
import { Random } from '../random.ts';
import { checkLive, checkRound } from './check-round.ts';
import { FAULTS, inflict, type VictimFault } from './faults.ts';
import { startGround, type Ground } from './ground.ts';
import { buildOf, phaseOf, PHASES, type Phase } from './phase.ts';
import { addProjects, HOST, KINDS, pushTo, type Kind, type Pushed } from './projects.ts';

export interface PathRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  /** All of {@link FAULTS} unless told. */
  readonly faults?: readonly VictimFault[];
  readonly onRound?: (round: PathRound) => void;
}

export interface PathRound extends VictimFault {
  /** `--seed` that begins with this round. */
  readonly seed: number;
  /** Where the build that deploys was when it happened. */
  readonly phase: Phase;
  readonly tookMs: number;
  readonly verdicts: readonly string[];
  readonly problems: readonly string[];
}

const STUCK_MS = 150_000;
const LOOK_MS = 15;

/**
 * Rounds of a fault each, on real builds and deployments, one after the other on one installation. What a round does
 * follows from its seed, the first one's seed plus its number: fault and phase go through all pairs.
 */
export async function runPathRounds(options: PathRoundsOptions): Promise<readonly PathRound[]> {
  const ground = await startGround();
  const rounds: PathRound[] = [];
  let load: PublicLoad | null = null;
  try {
    const repositories = await addProjects(ground);
    let live = await firstRelease(ground, repositories);
    const port = Number(new URL(ground.system.routerUrl).port);
    load = startPublicLoad({ port, host: HOST, clients: 2, websockets: 0, pauseMs: 20, paths: ['/'] });
    for (let n = 0; n < options.rounds; n++) {
      const plan = planRound(options.seed + n, options.faults ?? FAULTS);
      const { round, version } = await runRound(ground, { plan, repositories, live, load });
      live = version;
      rounds.push(round);
      options.onRound?.(round);
      if (round.problems.some((text) => text.includes('stuck'))) break;
    }
    return rounds;
  } finally {
    await load?.stop();
    await ground.stop();
  }
}

interface RoundPlan extends VictimFault {
  readonly seed: number;
  /** In which it is to happen; the next one where it is over too soon. */
  readonly phase: Phase;
  readonly delayMs: number;
  readonly random: Random;
}

/** Neighbours in seed differ in fault and phase, so that as many rounds as there are pairs have each pair once. */
function planRound(seed: number, faults: readonly VictimFault[]): RoundPlan {
  const random = new Random(seed);
  const aims = PHASES.filter((phase) => phase !== 'over');
  const at = faults[seed % faults.length] ?? FAULTS[0];
  const phase = aims[(seed + Math.floor(seed / faults.length)) % aims.length] ?? 'test';
  if (at === undefined) throw new Error('no faults');
  return { ...at, seed, phase, delayMs: random.between(0, 300), random };
}

interface RoundGround {
  readonly plan: RoundPlan;
  readonly repositories: Readonly<Record<Kind, HostedRepository>>;
  /** Version that serves. */
  readonly live: string;
  readonly load: PublicLoad;
}

async function runRound(
  ground: Ground,
  { plan, repositories, live, load }: RoundGround,
): Promise<{ round: PathRound; version: string }> {
  const { system } = ground;
  const { victim, fault, seed, random } = plan;
  const startMs = performance.now();
  const from = load.answers.length;
  const pushes: Pushed[] = [];
  for (const kind of [...KINDS].reverse())
    pushes.push(await pushTo(system, kind, repositories[kind], `${seed}-${kind}`));
  const deploys = pushes.find(({ kind }) => kind === 'deploys');
  const phase = await untilPhase(ground, deploys?.commit ?? '', plan);
  const hitMs = performance.now();
  await inflict(ground, plan, random);
  const problems: string[] = [];
  const builds = await Promise.all(pushes.map((pushed) => untilOver(ground, pushed, problems)));
  const [, , last] = builds;
  const isDeployed = last?.deployments[0]?.status === 'success';
  const version = isDeployed ? `${seed}-deploys` : live;
  await liveAgain(ground, version);
  const backMs = performance.now();
  if (problems.length === 0) problems.push(...(await checkRound(ground, pushes, plan)));
  problems.push(...(await checkLive(ground, version)));
  problems.push(...checkAnswers(load.answers.slice(from), plan, [hitMs, backMs]));
  const verdicts = builds.map((build, n) => `${pushes[n]?.kind ?? ''} ${build?.status ?? 'stuck'}`);
  const deployed = last?.deployments[0];
  if (deployed !== undefined) verdicts.push(`deployment ${deployed.status}`);
  return {
    round: { victim, fault, seed, phase, tookMs: performance.now() - startMs, verdicts, problems },
    version,
  };
}

async function untilPhase({ system }: Ground, commit: string, plan: RoundPlan): Promise<Phase> {
  const from = PHASES.indexOf(plan.phase);
  for (;;) {
    const phase = phaseOf(await buildOf(system, commit));
    if (PHASES.indexOf(phase) >= from) {
      await sleep(phase === plan.phase ? Math.min(plan.delayMs, DELAYS[phase]) : 0);
      return phase;
    }
    await sleep(LOOK_MS);
  }
}

/** At most this much later, so that it still happens in the phase. */
const DELAYS: Readonly<Record<Phase, number>> = {
  intake: 50,
  waiting: 0,
  clone: 100,
  image: 300,
  test: 300,
  starting: 50,
  smoking: 300,
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

/** Live answers every GET, but from the fault until live serves again where that is the router's or the engine's. */
function checkAnswers(
  answers: readonly PublicAnswer[],
  { victim }: VictimFault,
  [hitMs, backMs]: readonly [number, number],
): readonly string[] {
  const isBad = ({ method, status }: PublicAnswer): boolean => method === 'GET' && status !== 200;
  const counted = answers.filter(
    ({ startedMs, endedMs }) =>
      (victim !== 'router' && victim !== 'engine') || endedMs < hitMs || startedMs > backMs,
  );
  const bad = counted.filter(isBad);
  const first = bad[0];
  return first === undefined
    ? []
    : [`live did not answer ${bad.length} of ${counted.length}: ${first.status ?? first.error ?? ''}`];
}

async function firstRelease(
  ground: Ground,
  repositories: Readonly<Record<Kind, HostedRepository>>,
): Promise<string> {
  const pushed = await pushTo(ground.system, 'deploys', repositories.deploys, 'first');
  const problems: string[] = [];
  const build = await untilOver(ground, pushed, problems);
  if (build?.deployments[0]?.status !== 'success')
    throw new Error(`the first release is not there: ${JSON.stringify(build)} ${problems.join()}`);
  return 'first';
}
