import { parseArgs } from 'node:util';
import { TIMES } from '../../config/times.ts';
import { FAULTS, runRounds, type Round } from './lease/run-rounds.ts';

/**
 * `npm run chaos -- --only lease [--rounds N] [--seed S] [--stacks N] [--quick] [--no-fence]`: rounds of faults against
 * real processes, with the real lease and freezes of 20 s; `--quick` takes a tenth of all times. The rounds are shared
 * among `--stacks` (4) servers with their own workers, stack k with seed S + k: `--stacks 1 --seed S+k` runs one again.
 * Prints each round and what was covered; exits with 1 when a round found something, or when 200 rounds or more covered
 * a fault fewer than 15 times.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: 'lease' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    stacks: { type: 'string', default: '4' },
    quick: { type: 'boolean', default: false },
    fence: { type: 'boolean', default: true },
  },
});
const LEAST = 15;
if (values.only !== 'lease') throw new Error(`there is no experiment ${values.only}; there is: lease`);

const [all, seed] = [Number(values.rounds), Number(values.seed)];
const stacks = Math.min(Number(values.stacks), all);
const leaseMs = values.quick ? TIMES.lease / 10 : TIMES.lease;
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
        fence: values.fence,
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
process.exitCode = problems.length > 0 || isThin ? 1 : 0;

function print({ victim, fault, atMs, hit, tookMs, problems }: Round, n: string): void {
  const seconds = (tookMs / 1000).toFixed(1);
  console.log(`${n}: ${fault} ${victim} at ${atMs} ms, hit ${hit.join(' ') || 'nothing'}, ${seconds} s`);
  for (const problem of problems) console.log(`  RED ${problem}`);
}
