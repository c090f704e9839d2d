import { Random } from '../random.ts';
import { FAULTS, POSTGRES_FAULTS, type VictimFault } from './faults.ts';
import { PHASES, type Phase } from './phase.ts';

/** What one round does, wholly: the same plan draws the same. */
export interface RoundPlan extends VictimFault {
  /** In which it is to happen; the next one where it is over too soon. */
  readonly phase: Phase;
  /** Of the round's own draws: how long after the phase's begin, how long, how far. */
  readonly seed: number;
}

/** Phases that a round may aim at. */
export const AIMS: readonly Phase[] = PHASES.filter((phase) => phase !== 'over');

/** e.g. `server/kill/image/1234`, for {@link readPlan}. */
export const planName = ({ victim, fault, phase, seed }: RoundPlan): string =>
  [victim, fault, phase, seed].join('/');

/** The command that runs a round again in the Slipway in which it was. */
export function againCommand(
  name: string,
  { isPostgres, mutant }: { readonly isPostgres: boolean; readonly mutant?: string },
): string {
  const words = [
    ...(isPostgres ? ['--postgres'] : []),
    ...(mutant === undefined ? [] : ['--mutant', mutant]),
  ];
  return ['npm run chaos --', ...words, '--round', name].join(' ');
}

/** @throws Error for what no {@link planName} gave. */
export function readPlan(name: string): RoundPlan {
  const [victim, fault, phase, seed = ''] = name.split('/');
  const at = [...FAULTS, ...POSTGRES_FAULTS].find((one) => one.victim === victim && one.fault === fault);
  const aim = AIMS.find((one) => one === phase);
  if (at === undefined || aim === undefined || !/^\d+$/.test(seed))
    throw new Error(`${name} is not a round; it is to be <victim>/<fault>/<phase>/<seed>`);
  return { ...at, phase: aim, seed: Number(seed) };
}

/** A pair of a fault and a phase, as coverage counts it. */
export const pairOf = ({ victim, fault, phase }: VictimFault & { readonly phase: Phase }): string =>
  `${victim} ${fault} ${phase}`;

/** Plans one round after the other, as the seed has it. */
export interface Draw {
  /** @param covered The pairs, by {@link pairOf}, in which a fault has happened. */
  next(covered: ReadonlySet<string>): RoundPlan;
}

/**
 * First each pair of a fault and a phase once: each fault in some phase, then each in another, and so on. Then those that
 * were not covered, because the phase was over too soon, until all are; then all again.
 */
export function drawRounds(
  seed: number,
  faults: readonly VictimFault[],
  aims: readonly Phase[] = AIMS,
): Draw {
  const random = new Random(seed);
  let left = allPairs(faults, aims, random);
  return {
    next(covered) {
      if (left.length === 0) {
        const all = allPairs(faults, aims, random);
        const missed = all.filter((pair) => !covered.has(pairOf(pair)));
        left = missed.length > 0 ? missed : all;
      }
      const [pair] = left.splice(0, 1);
      if (pair === undefined) throw new Error('no faults');
      return { ...pair, seed: random.between(0, 1_000_000) };
    },
  };
}

function allPairs(
  faults: readonly VictimFault[],
  aims: readonly Phase[],
  random: Random,
): (VictimFault & { readonly phase: Phase })[] {
  const phases = random.shuffle(aims);
  const order = random.shuffle(faults);
  return aims.flatMap((_, turn) =>
    order.map((at, n) => ({ ...at, phase: phases[(turn + n) % phases.length] ?? 'test' })),
  );
}
