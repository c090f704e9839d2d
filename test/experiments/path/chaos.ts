import { FAULTS } from './faults.ts';
import { PHASES, type Phase } from './phase.ts';
import { runPathRounds, type PathRound } from './run-rounds.ts';

/**
 * Real builds and deployments under faults. `--seed S --rounds 1` runs the round again that named S. Whether nothing was
 * found and, of 200 rounds or more, each fault was covered in every phase.
 */
export async function chaosOfPath(options: {
  readonly rounds: number;
  readonly seed: number;
}): Promise<boolean> {
  console.log(`path: ${options.rounds} rounds, seed ${options.seed}`);
  const rounds = await runPathRounds({ ...options, onRound: print });
  const coverage = FAULTS.map(({ victim, fault }) => {
    const own = rounds.filter((round) => round.victim === victim && round.fault === fault);
    const count = (phase: Phase): number => own.filter((round) => round.phase === phase).length;
    return { victim, fault, ...Object.fromEntries(PHASES.map((phase) => [phase, count(phase)])) };
  });
  console.table(coverage);
  const problems = rounds.flatMap((round) => round.problems);
  console.log(problems.length === 0 ? 'nothing was found' : `${problems.length} problems were found`);
  return problems.length === 0 && rounds.length === options.rounds;
}

function print({ seed, victim, fault, phase, tookMs, verdicts, problems }: PathRound): void {
  console.log(
    `seed ${seed}: ${fault} ${victim} in ${phase}, ${verdicts.join(', ')}, ${(tookMs / 1000).toFixed(1)} s`,
  );
  for (const problem of problems) console.log(`  RED ${problem}`);
}
