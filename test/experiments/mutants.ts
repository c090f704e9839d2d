import { fileURLToPath } from 'node:url';
import type { Change } from '../support/change-modules.ts';
import type { VictimFault } from './path/faults.ts';
import type { Phase } from './path/phase.ts';

export interface Mutant {
  /** What the product does not do any more. */
  readonly without: string;
  readonly mutations: readonly Change[];
  /** Faults that bring it to light. */
  readonly faults: readonly VictimFault[];
  /** Where they do so soonest; all phases unless told. */
  readonly phases?: readonly Phase[];
}

/** What the experiment has to find, or it would not find the like in the product either. */
export const MUTANTS = {
  fsync: {
    without: 'neither a commit of the record nor lines of a log wait for the disk',
    mutations: [
      {
        file: 'src/store/sqlite.ts',
        from: 'pragma synchronous = full',
        to: 'pragma synchronous = off',
      },
      {
        file: 'src/logs/log-file.ts',
        from: 'await Promise.all([this.#log.datasync(), this.#index.datasync()]);',
        to: '',
      },
      {
        file: 'src/logs/log-file.ts',
        from: 'if (create && state === EMPTY) await syncPath(path.dirname(base));',
        to: '',
      },
    ],
    faults: [{ victim: 'server', fault: 'power' }],
  },
  fence: {
    without: 'what comes under a lease that has ended is taken all the same',
    mutations: [{ file: 'src/builds/lease-rows.ts', from: 'if (row.ended_at !== null)', to: 'if (false)' }],
    faults: [{ victim: 'worker', fault: 'freeze' }],
  },
  outbox: {
    without: 'an effect is tried once: what fails, or what the server dies before, is not done any more',
    mutations: [
      {
        file: 'src/outbox/outbox.ts',
        from: "const state = outcome.state === 'retry' ? (giveUp ? 'failed' : 'pending') : outcome.state;",
        to: "const state = outcome.state === 'retry' ? 'done' : outcome.state;",
      },
    ],
    faults: [{ victim: 'registry', fault: 'kill' }],
    phases: ['test'],
  },
  'lost-log': {
    without: 'the log of an attempt whose worker was lost does not keep what was there',
    mutations: [
      {
        file: 'src/outbox/seal-log.ts',
        from: 'await logs.seal(',
        to: 'await logs.remove(logId); await logs.seal(',
      },
    ],
    faults: [{ victim: 'worker', fault: 'kill' }],
    phases: ['test'],
  },
  'app-log': {
    without: 'a worker that begins anew does not leave out what the server has of the log of an app',
    mutations: [{ file: 'worker/deploy/follow-app.ts', from: 'let skip = known;', to: 'let skip = 0;' }],
    faults: [{ victim: 'worker', fault: 'restart' }],
  },
} as const satisfies Readonly<Record<string, Mutant>>;

export type MutantName = keyof typeof MUTANTS;

export const isMutant = (name: string): name is MutantName => Object.hasOwn(MUTANTS, name);

/** Environment in which Slipway's processes are the mutant; NODE_OPTIONS takes the first. */
export const LOAD_MUTANT = `--import=${fileURLToPath(new URL('load-mutant.ts', import.meta.url))}`;
export const mutantEnv = (name: MutantName): Readonly<Record<string, string>> => ({
  SLIPWAY_TEST_MUTANT: name,
});
