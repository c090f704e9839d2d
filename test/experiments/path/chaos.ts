import { isMutant, MUTANTS, type Mutant } from '../mutants.ts';
import { FAULTS, POSTGRES_FAULTS, type VictimFault } from './faults.ts';
import { phaseOfFault, type PhaseAtFault } from './phase.ts';
import { againCommand, AIMS, pairOf, readPlan, type RoundPlan } from './plan-rounds.ts';
import { runPathRounds, type PathRound, type RoundTimes } from './run-rounds.ts';

export interface PathChaosOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Runs these rounds alone, as an earlier run has named them; empty: those that the seed draws. */
  readonly again: readonly string[];
  /** The record is in a PostgreSQL, which is a victim, too; others are server and worker alone. */
  readonly isPostgres?: boolean;
  /** Something has to be found then. */
  readonly mutant?: string;
}

/** So many rounds are enough for each fault to happen in each phase. */
const ALL = 240;

/**
 * Real builds and deployments under faults. Whether nothing was found and, of 240 rounds or more, each fault was covered
 * in every phase; of a mutant, whether something was found.
 */
export async function chaosOfPath(options: PathChaosOptions): Promise<boolean> {
  const { seed, mutant, again, isPostgres = false } = options;
  const faults = isPostgres ? POSTGRES_FAULTS : FAULTS;
  const plans = again.map(readPlan);
  if (mutant !== undefined) return chaosOfMutant(mutant, plans, options);
  if (!isPostgres && plans.some(({ victim }) => victim === 'database'))
    throw new Error('a round whose victim is the database is one of --postgres');
  const rounds = plans.length || options.rounds;
  console.log(plans.length > 0 ? `path: ${rounds} rounds again` : `path: ${rounds} rounds, seed ${seed}`);
  const done = await runPathRounds({
    ...{ rounds, seed, plans, faults, isPostgres },
    onRound: print,
    signal: toldToEnd(),
  });
  const problems = done.flatMap((round) => round.problems);
  printCoverage(done, faults);
  printTimes(done);
  const covered = new Set(
    done.flatMap(({ plan, at }) => {
      const phase = phaseOfFault(at);
      return phase === null ? [] : [pairOf({ ...plan, phase })];
    }),
  );
  const pairs = faults.flatMap((fault) => AIMS.map((phase) => pairOf({ ...fault, phase })));
  const missed = pairs.filter((pair) => !covered.has(pair));
  const isThin = rounds >= ALL && missed.length > 0;
  if (isThin) console.log(`not covered: ${missed.join(', ')}`);
  const red = done.filter((round) => round.problems.length > 0);
  for (const { name } of red) console.log(`again: ${againCommand(name, { isPostgres })}`);
  console.log(problems.length === 0 ? 'nothing was found' : `${problems.length} problems were found`);
  return problems.length === 0 && !isThin && done.length === rounds;
}

async function chaosOfMutant(
  name: string,
  plans: readonly RoundPlan[],
  { rounds: most, seed, isPostgres = false }: PathChaosOptions,
): Promise<boolean> {
  if (!isMutant(name))
    throw new Error(`there is no mutant ${name}; there are: ${Object.keys(MUTANTS).join(', ')}`);
  if (isPostgres) throw new Error('a mutant has its record in a file: leave out --postgres');
  const rounds = plans.length || most;
  const { without, faults, phases: aims }: Mutant = MUTANTS[name];
  console.log(`path: at most ${rounds} rounds, seed ${seed}, of a Slipway in which ${without}`);
  const done = await runPathRounds({
    rounds,
    seed,
    faults,
    plans,
    ...(aims === undefined ? {} : { aims }),
    mutant: name,
    untilRed: true,
    onRound: print,
    signal: toldToEnd(),
  });
  const red = done.filter(({ problems }) => problems.length > 0);
  for (const round of red) console.log(`again: ${againCommand(round.name, { isPostgres, mutant: name })}`);
  const isFound = red.length > 0;
  console.log(isFound ? 'it was found, as it has to be' : 'it was NOT found');
  return isFound;
}

/** Ctrl-C and TERM: after the round, so that nothing of it is left. */
function toldToEnd(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}

function print({ name, at, took, verdicts, problems }: PathRound): void {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const { reach, fault, end, check } = took;
  const parts = `${seconds(reach)} to the phase, ${seconds(fault)} fault, ${seconds(end)} to the end, ${seconds(check)} checks`;
  console.log(
    `${name}: ${told(at)}, ${verdicts.join(', ')}, ${seconds(reach + fault + end + check)} s (${parts})`,
  );
  for (const problem of problems) console.log(`  RED ${problem}`);
}

function told({ before, after }: PhaseAtFault): string {
  return after === null || after === before ? `in ${before}` : `between ${before} and ${after}, not counted`;
}

/** In which phases each fault has happened. Where it may have been one or the other it counts for neither. */
function printCoverage(rounds: readonly PathRound[], faults: readonly VictimFault[]): void {
  console.table(
    faults.map(({ victim, fault }) => {
      const own = rounds.filter(({ plan }) => plan.victim === victim && plan.fault === fault);
      const count = (phase: string): number => own.filter((round) => phaseOfFault(round.at) === phase).length;
      return { victim, fault, ...Object.fromEntries(AIMS.map((phase) => [phase, count(phase)])) };
    }),
  );
}

function printTimes(rounds: readonly PathRound[]): void {
  const mean = (part: keyof RoundTimes): string =>
    (rounds.reduce((sum, { took }) => sum + took[part], 0) / rounds.length / 1000).toFixed(1);
  console.log(
    `a round took ${mean('reach')} s to its phase, ${mean('fault')} s of fault, ${mean('end')} s to its end, ${mean('check')} s of checks`,
  );
}
