import { parseArgs } from 'node:util';
import { TIMES } from '../../config/times.ts';
import { FAULTS, runRounds, type Round } from './lease/run-rounds.ts';

/**
 * `npm run chaos -- --only lease [--rounds N] [--seed S] [--real] [--no-fence]`: rounds of faults against real
 * processes. Prints each round and what was covered; exits with 1 when a round found something, or when 200 rounds or
 * more covered a fault fewer than 15 times. `--real`: the real lease time and 20 s freezes.
 */
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: 'lease' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    real: { type: 'boolean', default: false },
    fence: { type: 'boolean', default: true },
  },
});
const LEAST = 15;
if (values.only !== 'lease') throw new Error(`there is no experiment ${values.only}; there is: lease`);

const options = { rounds: Number(values.rounds), seed: Number(values.seed), fence: values.fence };
const leaseMs = values.real ? TIMES.lease : TIMES.lease / 10;
console.log(`lease: ${options.rounds} rounds, seed ${options.seed}, lease ${leaseMs} ms`);
const rounds = await runRounds({ ...options, leaseMs, onRound: print });

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
const isThin = options.rounds >= 200 && coverage.some((row) => row.rounds < LEAST);
if (isThin) console.log(`a fault was covered fewer than ${LEAST} times`);
console.log(problems.length === 0 ? 'nothing was found' : `${problems.length} problems were found`);
process.exitCode = problems.length > 0 || isThin ? 1 : 0;

function print({ victim, fault, atMs, hit, tookMs, problems }: Round, n: number): void {
  const seconds = (tookMs / 1000).toFixed(1);
  console.log(`${n}: ${fault} ${victim} at ${atMs} ms, hit ${hit.join(' ') || 'nothing'}, ${seconds} s`);
  for (const problem of problems) console.log(`  RED ${problem}`);
}
