import path from 'node:path';
import type { Base, Mirrors } from '../ports/repositories.ts';
import type { Clutter } from './mirror.ts';
import { createObjectReader } from './object-reader.ts';
import { openMirror, type OpenMirror } from './open-mirror.ts';
import { safeCommit, safeId, safePath, safeRef } from './safe-names.ts';
import { singleFlight } from './single-flight.ts';

export interface MirrorOptions {
  /** One folder a project in it, named by the project's id. */
  readonly directory: string;
  /** Of a whole fetch; default an hour. */
  readonly fetchTimeoutMs?: number;
  /** A fetch ends when nothing comes for this long; default 5 min. */
  readonly fetchIdleMs?: number;
  /** How often a bundle goes on while git counts what belongs to it; default 30 s. */
  readonly keepAliveMs?: number;
  /** It breaks off when git counts for longer than this; default 30 min. */
  readonly countingMs?: number;
  readonly maxFileBytes?: number;
  /** More changed paths than this count as not known; default 10,000. */
  readonly mostPaths?: number;
  /** When {@link Mirrors.tidy} drops what nothing needs any more, in git's words; default `2.weeks.ago`. */
  readonly pruneExpire?: string;
  /** See {@link Mirror}; default 20 packs or 2,000 objects outside of packs. */
  readonly tidyBeyond?: Clutter;
  /** Ends running commands, with their whole process groups. */
  readonly signal?: AbortSignal;
}

/** Opens the mirrors under a directory; they are made when they are first needed. */
export function createMirrors(options: MirrorOptions): Mirrors {
  const { maxFileBytes = 1024 * 1024, signal } = options;
  const flights = singleFlight();
  const opened = new Map<string, OpenMirror>();
  const open = (projectId: string): OpenMirror => {
    const known = opened.get(projectId);
    if (known !== undefined) return known;
    const gitDir = path.join(options.directory, `${safeId(projectId)}.git`);
    const mirror = openMirror(
      {
        gitDir,
        fetchTimeoutMs: options.fetchTimeoutMs ?? 60 * 60_000,
        fetchIdleMs: options.fetchIdleMs ?? 5 * 60_000,
        keepAliveMs: options.keepAliveMs ?? 30_000,
        countingMs: options.countingMs ?? 30 * 60_000,
        objects: createObjectReader(gitDir, { maxFileBytes, ...(signal === undefined ? {} : { signal }) }),
        mostPaths: options.mostPaths ?? 10_000,
        pruneExpire: options.pruneExpire ?? '2.weeks.ago',
        tidyBeyond: options.tidyBeyond ?? { packs: 20, looseObjects: 2_000 },
        signal,
      },
      flights,
    );
    opened.set(projectId, mirror);
    return mirror;
  };
  return {
    read: async (asked, paths, base) =>
      open(asked.projectId).read({
        place: { ...asked, commit: safeCommit(asked.commit), ref: safeRef(asked.ref) },
        paths: paths.map(safePath),
        base: base === undefined ? null : safeBase(base),
        isIncluded: false,
      }),
    readIncluded: async (asked, paths, signal) => {
      const place = { ...asked, commit: safeCommit(asked.commit), ref: safeRef(asked.ref) };
      const question = { place, paths: paths.map(safePath), base: null, isIncluded: true };
      return open(asked.projectId).readIncluded(question, signal);
    },
    bundle: (asked, have, signal) => {
      const place = { ...asked, commit: safeCommit(asked.commit), ref: safeRef(asked.ref) };
      return open(asked.projectId).bundle(place, have.map(safeCommit), signal);
    },
    tidy: (projectId, needed) => open(projectId).tidy(needed),
    remove: async (projectId) => {
      await open(projectId).remove();
      opened.delete(projectId);
    },
    lastUse: (projectId) => open(projectId).lastUse(),
    removeUnused: (projectId, ageMs, isNeeded) => open(projectId).removeUnused(ageMs, isNeeded),
    settled: () => flights.settled(),
  };
}

/** @throws Problem `request_wrong`. */
function safeBase(base: Base): Base {
  if (base.kind === 'commit') safeCommit(base.commit);
  if (base.kind === 'branch') {
    safeRef(`refs/heads/${base.branch}`);
    if (base.at !== null) safeCommit(base.at);
  }
  return base;
}
