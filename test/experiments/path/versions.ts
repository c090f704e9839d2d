import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../../support/system.ts';
import { endsApps, type VictimFault } from './faults.ts';
import { HOST } from './projects.ts';

/** What users are answered with, in the order in which they see it. */
export interface Versions {
  /** What was seen since the last call, each run of one version once; what the router itself says is left out. */
  take(): readonly string[];
  stop(): Promise<void>;
}

/** What may serve in a round: what did before it, what did before that, and what does after it. */
export interface RoundVersions {
  readonly before: string;
  /** Null where there was no release before. */
  readonly standby: string | null;
  readonly after: string;
}

/**
 * Users see the old version and then, where it was deployed, the new one: once, and nothing after it. Where the end of the
 * engine was the end of every app, the standby may be back sooner than live, and answers until that is.
 */
export function wrongInVersions(
  seen: readonly string[],
  at: VictimFault,
  { before, standby, after }: RoundVersions,
): readonly string[] {
  const expected = before === after ? [before] : [before, after];
  const isGood = endsApps(at)
    ? seen.at(-1) === after && seen.every((version) => [standby, ...expected].includes(version))
    : seen.join() === expected.join();
  return isGood ? [] : [`users saw ${seen.join(', then ') || 'nothing'}, not ${expected.join(', then ')}`];
}

const LOOK_MS = 50;

export function watchVersions(system: System): Versions {
  let seen: string[] = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const answer = await system.ask(HOST).catch(() => null);
      const version = answer?.status === 200 ? answer.text.trim() : '';
      if (version !== '' && version !== seen.at(-1)) seen.push(version);
      await sleep(LOOK_MS);
    }
  })();
  return {
    take: () => {
      const taken = seen;
      seen = taken.slice(-1);
      return taken;
    },
    stop: async () => {
      isOver = true;
      await watching;
    },
  };
}
