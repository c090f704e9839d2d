import { setTimeout } from 'node:timers/promises';
import { ENDED, Record, checkBuild, type BuildRow } from './check-build.ts';
import { Random } from '../random.ts';
import { Stack, VICTIMS, type Fault, type Victim } from './stack.ts';
import { KINDS, type Kind } from './work.ts';

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly leaseMs: number;
  /** False takes the fence out of the server: the experiment must then find something. */
  readonly fence: boolean;
  /** All of {@link FAULTS} unless told. */
  readonly faults?: readonly { readonly victim: Victim; readonly fault: Fault }[];
  /** End at the first round that finds something. */
  readonly untilRed?: boolean;
  readonly onRound?: (round: Round, n: number) => void;
}

export interface Round {
  readonly victim: Victim;
  readonly fault: Fault;
  /** When it was inflicted, after the builds were made. */
  readonly atMs: number;
  /** Where the builds were at that moment; a build that had ended is not counted. */
  readonly hit: readonly BuildRow['at'][];
  readonly tookMs: number;
  readonly problems: readonly string[];
}

/** Every victim with every fault that it can have. */
export const FAULTS: readonly { readonly victim: Victim; readonly fault: Fault }[] = [
  ...VICTIMS.flatMap((victim) => (['kill', 'freeze'] as const).map((fault) => ({ victim, fault }))),
  { victim: 'redis', fault: 'flush' },
];

const STUCK_MS = 60_000;
/** The builds of a round, more than the workers have places, take about this long when nothing happens to them. */
const BUILD_MS = 2_200;

/** Runs the rounds one after the other on one stack; they follow from the seed. */
export async function runRounds(options: RoundsOptions): Promise<readonly Round[]> {
  const random = new Random(options.seed);
  const stack = await Stack.start({
    leaseMs: options.leaseMs,
    fence: options.fence,
    random: new Random(options.seed),
  });
  const record = new Record(stack.database);
  const rounds: Round[] = [];
  const builds = new Map<string, Kind>();
  try {
    let faults: { readonly victim: Victim; readonly fault: Fault }[] = [];
    while (rounds.length < options.rounds) {
      if (faults.length === 0) faults = random.shuffle(options.faults ?? FAULTS);
      const next = faults.pop();
      if (next === undefined) break;
      const round = await runRound(stack, record, { ...next, random, builds });
      rounds.push(round);
      options.onRound?.(round, rounds.length);
      if (options.untilRed === true && round.problems.length > 0) return rounds;
    }
    const late = await checkAll(stack, record, builds);
    const last = rounds.at(-1);
    if (late.length > 0 && last !== undefined) rounds.push({ ...last, hit: [], problems: late });
    return rounds;
  } finally {
    record.close();
    await stack.stop();
  }
}

interface RoundPlan {
  readonly victim: Victim;
  readonly fault: Fault;
  readonly random: Random;
  /** All builds so far; the round's are added. */
  readonly builds: Map<string, Kind>;
}

async function runRound(stack: Stack, record: Record, plan: RoundPlan): Promise<Round> {
  const { victim, fault, random } = plan;
  const own = new Map<string, Kind>();
  for (const kind of [...KINDS, ...KINDS, ...KINDS]) own.set(await stack.newBuild(kind), kind);
  for (const [id, kind] of own) plan.builds.set(id, kind);
  const start = performance.now();
  const atMs = random.between(0, BUILD_MS);
  await setTimeout(atMs);
  const ids = [...own.keys()];
  const hit = ids
    .map((id) => record.build(id))
    .flatMap((build) => (ENDED.has(build.status) ? [] : [build.at]));
  await stack.inflict(victim, fault, { worker: random.between(0, 2), restMs: random.between(0, 500) });
  const stuck = await waitForEnds(record, ids);
  // Whoever woke up may still try what it was about to do.
  await setTimeout(300);
  const problems = stuck.length > 0 ? stuck : await checkAll(stack, record, own);
  return { victim, fault, atMs, hit, tookMs: performance.now() - start, problems };
}

async function waitForEnds(record: Record, ids: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + STUCK_MS;
  for (;;) {
    const open = ids.map((id) => record.build(id)).filter(({ status }) => !ENDED.has(status));
    if (open.length === 0) return [];
    if (performance.now() > deadline)
      return open.map(
        ({ id, status, attempt, at }) => `${id} is stuck: ${status}, attempt ${attempt}, at ${at}`,
      );
    await setTimeout(50);
  }
}

async function checkAll(stack: Stack, record: Record, builds: ReadonlyMap<string, Kind>): Promise<string[]> {
  const problems: string[] = [];
  for (const [id, kind] of builds) problems.push(...(await checkBuild(stack, record, id, kind)));
  return problems;
}
