import { rm } from 'node:fs/promises';
import type { CommitContent } from '../ports/repositories.ts';
import { bringIn } from './bring-in.ts';
import type { Question } from './look-up.ts';
import type { Mirror } from './mirror.ts';
import type { SingleFlight } from './single-flight.ts';

/** One mirror, whose work goes on one after another. For the contract see `Mirrors`. */
export interface OpenMirror {
  read(question: Question): Promise<CommitContent>;
  remove(): Promise<void>;
}

/** Questions about one mirror that follow each other this quickly are a burst. */
const BURST_MS = 2_000;

export function openMirror(mirror: Mirror, flights: SingleFlight): OpenMirror {
  const { gitDir } = mirror;
  let askedAt = -Infinity;
  return {
    read: (question) =>
      flights.share(`${gitDir} ${keyOf(question)}`, () => {
        const isBurst = performance.now() - askedAt < BURST_MS;
        askedAt = performance.now();
        return flights.queue(gitDir, () => bringIn(mirror, question, isBurst));
      }),
    remove: () => flights.queue(gitDir, () => rm(gitDir, { recursive: true, force: true })),
  };
}

function keyOf({ place: { commit, ref }, paths, base }: Question): string {
  return JSON.stringify([commit, ref, paths, base]);
}
