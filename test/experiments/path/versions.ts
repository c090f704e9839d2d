import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../../support/system.ts';
import { HOST } from './projects.ts';

/** What users are answered with, in the order in which they see it. */
export interface Versions {
  /** What was seen since the last call, each run of one version once; what the router itself says is left out. */
  take(): readonly string[];
  stop(): Promise<void>;
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
