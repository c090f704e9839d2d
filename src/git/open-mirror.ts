import { Problem } from '../core/problem.ts';
import type { CommitContent, CommitPlace, IncludedContent, TidyOutcome } from '../ports/repositories.ts';
import { bringIn, readThere, type Answer } from './bring-in.ts';
import { bundleOf } from './bundle.ts';
import type { Question } from './look-up.ts';
import { isDamaged, removeRepository, type Mirror } from './mirror.ts';
import { mirrorUse, USE_NOTED_MS } from './mirror-use.ts';
import type { SingleFlight } from './single-flight.ts';
import { clutterOf, tidyMirror } from './tidy-mirror.ts';

/** One mirror, whose work goes on one after another. For the contract see `Mirrors`. */
export interface OpenMirror {
  read(question: Question): Promise<CommitContent>;
  readIncluded(question: Question, signal?: AbortSignal): Promise<IncludedContent>;
  bundle(
    place: CommitPlace,
    have: readonly string[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  tidy(needed: () => Promise<ReadonlySet<string>>): Promise<TidyOutcome>;
  remove(): Promise<void>;
  lastUse(): Promise<number | null>;
  removeUnused(ageMs: number, isNeeded: () => Promise<boolean>): Promise<boolean>;
}

/** A question that comes this soon after the last answer: many wait, and the next one is likely to follow. */
const BURST_MS = 100;
/** A commit that was asked for this lately may not be in the record yet: it is kept as well. */
const LATELY_MS = 60 * 60_000;

export function openMirror(mirror: Mirror, flights: SingleFlight): OpenMirror {
  const { gitDir } = mirror;
  const use = mirrorUse(gitDir);
  const askedAt = new Map<string, number>();
  let answeredAt = -Infinity;
  let left = { packs: 0, looseObjects: 0 };
  let tidying: AbortController | null = null;

  let leaving: Promise<void> = Promise.resolve();

  const note = (commit: string): void => {
    const now = performance.now();
    for (const [known, at] of askedAt) if (now - at > LATELY_MS) askedAt.delete(known);
    askedAt.set(commit, now);
  };

  const answer = async (question: Question): Promise<Answer> => {
    // What is included is at a commit, of which its ref says nothing.
    const isBurst = !question.isIncluded && performance.now() - answeredAt < BURST_MS;
    try {
      return await bringIn(mirror, question, isBurst);
    } finally {
      answeredAt = performance.now();
    }
  };

  /** What is there can be read while git packs it; what has to be fetched ends the packing. */
  const besideTidying = async (question: Question): Promise<Answer | null> => {
    const running = tidying;
    if (running === null) return null;
    const there = await readThere(mirror, question).catch(() => null);
    if (there === null) running.abort();
    return there;
  };

  const tidyNow = async (needed: () => Promise<ReadonlySet<string>>, signal: AbortSignal) => {
    const all = async () => new Set([...(await needed()), ...askedAt.keys()]);
    let outcome: TidyOutcome | null = null;
    try {
      outcome = await tidyMirror({ ...mirror, signal }, all, left);
      return outcome;
    } finally {
      mirror.objects.close(); // it holds the packs that went
      // A failed one is not tried again before there is more to do.
      if (outcome === 'tidied' || outcome === null) left = await clutterOf(gitDir);
    }
  };

  const inUse = async (question: Question, fetched: () => Promise<Answer>): Promise<Answer> => {
    note(question.place.commit);
    const done = use.begin();
    try {
      await leaving;
      return (await besideTidying(question)) ?? (await flights.queue(gitDir, fetched));
    } finally {
      await use.note();
      done();
    }
  };

  const read = (question: Question): Promise<CommitContent> =>
    flights.share(`${gitDir} ${keyOf(question)}`, () => inUse(question, () => answer(question)));

  /**
   * Whoever waits behind a fetch of others, or for a Git host that hangs, gives up by the signal. A fetch that has begun goes
   * on, so that the next who asks finds what takes long; one that has not begun is nobody's.
   */
  const readIncluded = async (question: Question, signal?: AbortSignal): Promise<IncludedContent> => {
    signal?.throwIfAborted();
    const { promise: over, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', giveUp, { once: true });
    const answering = inUse(question, () => {
      signal?.throwIfAborted();
      return answer(question);
    });
    answering.catch(() => undefined); // of nobody, once it was given up
    try {
      return await Promise.race([answering, over]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  };

  let removals = 0;
  let removing: Promise<void> = Promise.resolve();
  const remove = (): Promise<void> => {
    removals += 1;
    use.forget();
    return removeRepository(mirror);
  };

  /** Nothing begins to read between the last look at who does and the removal: whoever comes then waits for its end. */
  const removeUnused = async (ageMs: number, isNeeded: () => Promise<boolean>): Promise<boolean> => {
    const last = await use.last();
    if (last === null || Date.now() - last < Math.max(ageMs, USE_NOTED_MS)) return false;
    if ((await isNeeded()) || use.isUsed()) return false;
    const removal = remove();
    leaving = removal.catch(() => undefined);
    await removal;
    return true;
  };

  /**
   * What is broken is found out only by reading it. The mirror goes then, unless it has gone since; the next bundle is
   * made from one that is fetched anew.
   */
  async function* untilDamaged(make: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
    const removed = removals;
    try {
      yield* await make();
    } catch (error) {
      if (error instanceof Problem && isDamaged(String(error.details['cause'])))
        removing = flights
          .queue(gitDir, async () => (removals === removed ? remove() : undefined))
          .catch(() => undefined);
      throw error;
    }
  }

  return {
    read,
    readIncluded,
    bundle: async (place, have, signal) => {
      const question = { place, paths: [], base: null, isIncluded: false };
      note(place.commit);
      const done = use.begin();
      signal.addEventListener('abort', done, { once: true });
      try {
        await Promise.all([removing, leaving]);
        // What is there does not wait behind fetches of other commits.
        if ((await readThere(mirror, question).catch(() => null)) === null) await read(question);
        await use.note();
        signal.throwIfAborted();
      } catch (error) {
        done();
        throw error;
      }
      return untilRead(
        untilDamaged(() => bundleOf(mirror, place.commit, have, signal)),
        done,
      );
    },
    tidy: async (needed) => {
      const giveWay = (tidying = new AbortController());
      const signals = mirror.signal === undefined ? [] : [mirror.signal];
      const signal = AbortSignal.any([giveWay.signal, ...signals]);
      try {
        return await flights.queue(gitDir, () => tidyNow(needed, signal));
      } finally {
        if (tidying === giveWay) tidying = null;
      }
    },
    remove: () => flights.queue(gitDir, remove),
    lastUse: () => use.last(),
    removeUnused: (ageMs, isNeeded) => flights.queue(gitDir, () => removeUnused(ageMs, isNeeded)),
  };
}

/** One that is never read to its end has been given up by its signal, which ends the use as well. */
async function* untilRead(parts: AsyncIterable<Uint8Array>, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* parts;
  } finally {
    done();
  }
}

function keyOf({ place: { commit, ref }, paths, base }: Question): string {
  return JSON.stringify([commit, ref, paths, base]);
}
