import path from 'node:path';
import { isTrustedSpace, ownerOfSpace } from '../../src/core/cache.ts';
import { cacheKeyOf } from '../caches/cache-key.ts';
import { NoRoom, type CacheName, type FoundCache } from '../caches/cache-store.ts';
import { expandPaths, packPaths } from '../caches/pack-paths.ts';
import { NotCollected, type FilesPlace } from '../collect/collect-files.ts';
import { TarWrong } from '../engine/read-tar.ts';
import { badOutcome, type Outcome } from '../outcome.ts';
import { formatBytes } from '../registry/format-bytes.ts';
import { WORKSPACE } from './fill-workspace.ts';
import type { EndedStep } from './keep-reports.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** A cache of a step that is to be saved when its commands succeed. */
interface Pending extends CacheName {
  readonly space: string;
}

export interface RestoredCaches {
  /** The step cannot begin: what is at their paths is not known any more. Null: it can. */
  readonly failure: Outcome | null;
  readonly pending: readonly Pending[];
}

type CachedStep = Pick<EndedStep, 'plan' | 'container' | 'workingDirectory' | 'sink' | 'signal' | 'inTime'>;
type CacheContext = Pick<WorkflowContext, 'engine' | 'work' | 'labels' | 'caches'>;

/**
 * Restores the caches of a step before its commands; the log says of each whether it was there. Only a cache that was
 * restored in part keeps the step from beginning.
 * @param isFurther Another attempt was before: what it has left in the workspace is not written over.
 */
export async function restoreCaches(
  context: CacheContext,
  step: CachedStep,
  isFurther: boolean,
): Promise<RestoredCaches> {
  const none = { failure: null, pending: [] };
  const { caches, work } = context;
  const { plan, sink } = step;
  if (plan.caches === undefined || step.inTime.aborted) return none;
  if (caches === undefined || caches.isOff || work.caches === undefined) {
    await sink.say('Cache: this worker keeps none (SLIPWAY_KEEP_CACHES_BYTES).');
    return none;
  }
  const pending: Pending[] = [];
  for (const cache of plan.caches) {
    const paths = absolute(cache.paths, step.workingDirectory);
    const isLeft = isFurther && paths.every((one) => one.startsWith(`${WORKSPACE}/`));
    try {
      const key = await cacheKeyOf(placeOf(context, step), cache);
      const name = { key, paths };
      const isRestored = cache.policy !== 'push' && !isLeft;
      const found =
        (await caches.find(work.caches, name)) ??
        (isRestored ? await caches.findLike(work.caches, paths, cache.fallbackKeys) : null);
      if (isRestored) await restore(context, step, key, found);
      else await found?.archive.close();
      if (cache.policy === 'push' && found !== null) await sink.say(`Cache ${key}: it is there already.`);
      if (cache.policy !== 'pull' && found?.key !== key) pending.push({ ...name, space: work.caches.own });
    } catch (error) {
      if (step.signal.aborted) return none;
      if (error instanceof PartlyRestored) return { failure: error.outcome(step), pending: [] };
      await sink.say(`Cache: nothing was restored: ${causeOf(error, step)}.`);
    }
  }
  return { failure: null, pending };
}

/** Saves what was not there, when the step's commands have succeeded. What goes wrong is a line of its log, and no more. */
export async function saveCaches(
  context: CacheContext,
  step: CachedStep,
  pending: readonly Pending[],
): Promise<void> {
  const { caches, labels } = context;
  for (const { space, ...name } of caches === undefined ? [] : pending) {
    const startedAt = performance.now();
    try {
      if (step.container.hasEnded()) throw new NotCollected('the container has ended with its commands');
      const place = placeOf(context, step);
      const found = await expandPaths(place, name.paths);
      if (found.paths.length === 0) throw new NotCollected('none of its paths is there');
      const saved = await caches?.save(labels.lease, space, name, (file, wrote) =>
        packPaths(place, found, file, wrote),
      );
      await step.sink.say(
        saved?.kind === 'first'
          ? `Cache ${name.key}: saved, ${formatBytes(saved.bytes)} in ${seconds(startedAt)}.`
          : `Cache ${name.key}: another build has saved it meanwhile.`,
      );
      await caches?.evict();
    } catch (error) {
      if (step.signal.aborted) return;
      await step.sink.say(`Cache ${name.key}: not saved: ${causeOf(error, step)}.`);
    }
  }
}

/** What is under a path when an archive was unpacked in part is neither what was there nor what was cached. */
class PartlyRestored extends Error {
  readonly key: string;

  constructor(key: string, cause: unknown) {
    super(`the cache ${key} was restored in part`, { cause });
    this.key = key;
  }

  outcome(step: CachedStep): Outcome {
    return badOutcome('cache_not_restored', { key: this.key, cause: causeOf(this.cause, step) });
  }
}

async function restore(
  { engine }: CacheContext,
  { container, inTime, sink }: CachedStep,
  key: string,
  found: FoundCache | null,
): Promise<void> {
  if (found === null) return sink.say(`Cache ${key}: miss.`);
  const startedAt = performance.now();
  try {
    const archive = found.archive.createReadStream({ autoClose: false, highWaterMark: READ_BYTES });
    await unpack((signal) => engine.putArchive(container.id, '/', archive, signal), archive, inTime);
    await sink.say(`${sentence(found, key)}, ${formatBytes(found.bytes)} in ${seconds(startedAt)}.`);
  } catch (error) {
    throw new PartlyRestored(key, error);
  } finally {
    await found.archive.close();
  }
}

const READ_BYTES = 1024 * 1024;

/** A file that cannot be read leaves the engine waiting for the rest of it. */
async function unpack(
  put: (signal: AbortSignal) => Promise<void>,
  archive: NodeJS.ReadableStream,
  inTime: AbortSignal,
): Promise<void> {
  const broken = new AbortController();
  const faults: Error[] = [];
  archive.once('error', (fault: Error) => {
    faults.push(fault);
    broken.abort();
  });
  try {
    await put(AbortSignal.any([inTime, broken.signal]));
  } catch (error) {
    const [fault] = faults;
    if (fault !== undefined) throw fault;
    throw error;
  }
}

function sentence(found: FoundCache, key: string): string {
  const whose = isTrustedSpace(found.space) ? '' : ` of this ${ownerOfSpace(found.space)}`;
  return found.key === key
    ? `Cache ${key}: hit${whose}`
    : `Cache ${key}: miss; restored ${found.key}${whose}`;
}

function placeOf({ engine }: CacheContext, { container, workingDirectory, inTime }: CachedStep): FilesPlace {
  return { engine, containerId: container.id, directory: workingDirectory, signal: inTime };
}

function absolute(paths: readonly string[], directory: string): readonly string[] {
  return paths.map((one) => (one.startsWith('/') ? one : path.posix.join(directory, one)));
}

function causeOf(error: unknown, { inTime }: CachedStep): string {
  if (inTime.aborted) return 'it took too long';
  if (error instanceof NotCollected || error instanceof NoRoom || error instanceof TarWrong)
    return error.message;
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\.$/, '');
}

const seconds = (startedAt: number): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
