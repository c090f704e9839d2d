import { TIMES } from '../../../config/times.ts';
import { FAULTS, runRounds, type Round } from './run-rounds.ts';

const LEAST = 15;

/**
 * The real lease and freezes of 20 s; `quick` takes a tenth of all times. The rounds are shared among `stacks` servers
 * with their own workers, stack k with seed + k: `--stacks 1 --seed S+k` runs one again. Without the `fence` it must
 * find something. Whether nothing was found and, of 200 rounds or more, each fault was covered 15 times.
 */
export async function chaosOfLeases(options: {
  readonly rounds: number;
  readonly seed: number;
  readonly stacks: number;
  readonly quick: boolean;
  readonly fence: boolean;
}): Promise<boolean> {
  const { rounds: all, seed } = options;
  const stacks = Math.min(options.stacks, all);
  const leaseMs = options.quick ? TIMES.lease / 10 : TIMES.lease;
  console.log(`lease: ${all} rounds on ${stacks} stacks, seed ${seed}, lease ${leaseMs} ms`);
  const shares = Array.from({ length: stacks }, (_, n) => ({
    seed: seed + n,
    rounds: Math.floor(all / stacks) + (n < all % stacks ? 1 : 0),
  }));
  const rounds = (
    await Promise.all(
      shares.map((share) =>
        runRounds({
          ...share,
          leaseMs,
          fence: options.fence,
          onRound: (round, n) => print(round, `${share.seed}/${n}`),
        }),
      ),
    )
  ).flat();
  const problems = rounds.flatMap((round) => round.problems);
  const coverage = FAULTS.map(({ victim, fault }) => {
    const own = rounds.filter(
      (round) => round.victim === victim && round.fault === fault && round.hit.length > 0,
    );
    const hits = own.flatMap(({ hit }) => hit);
    const at = (place: string) => hits.filter((hit) => hit === place).length;
    const places = { waiting: at('waiting'), claimed: at('claimed'), clone: at('clone'), step: at('step') };
    return { victim, fault, rounds: own.length, ...places };
  });
  console.table(coverage);
  const isThin = all >= 200 && coverage.some((row) => row.rounds < LEAST);
  if (isThin) console.log(`a fault was covered fewer than ${LEAST} times`);
  console.log(problems.length === 0 ? 'nothing was found' : `${problems.length} problems were found`);
  return problems.length === 0 && !isThin;
}

function print({ victim, fault, atMs, hit, tookMs, problems }: Round, n: string): void {
  const seconds = (tookMs / 1000).toFixed(1);
  console.log(`${n}: ${fault} ${victim} at ${atMs} ms, hit ${hit.join(' ') || 'nothing'}, ${seconds} s`);
  for (const problem of problems) console.log(`  RED ${problem}`);
}
