import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import { runGit } from '../../src/git/run-git.ts';
import { singleFlight } from '../../src/git/single-flight.ts';
import { bringCommit, isDamaged, type Source } from './bring-commit.ts';
import { forgetOldCommits, readRefs, tagsOf, type Refs } from './mirror-refs.ts';
import { removeStaleLocks } from './remove-stale-locks.ts';
import { sharedFlights } from './shared-flight.ts';

/**
 * The bare mirrors on this worker's disk, one a project, filled by the server from its own. Only one process may own
 * the folder. Nothing is packed or pruned while leased.
 */
export interface Mirrors {
  /**
   * Makes sure that the project's mirror holds `commit`, and keeps the mirror until `release`.
   * The server is asked for one commit at a time a mirror, and for none that is there already, however many ask.
   * @throws Problem the server's; `git_failed`; the signal's reason when it aborts.
   */
  lease(wanted: WantedCommit): Promise<MirrorLease>;
  /** Removes a mirror that turned out to be damaged, held or not: the next lease fetches anew. */
  discard(projectId: string): Promise<void>;
  /** Removes mirrors that nobody holds and nobody used for `ageMs`, packs the others; returns how many went. */
  prune(ageMs: number): Promise<number>;
}

export interface WantedCommit {
  readonly projectId: string;
  /** Full ref, e.g. `refs/heads/main`. */
  readonly ref: string;
  /** 40 hex digits. */
  readonly commit: string;
  readonly source: Source;
  readonly signal: AbortSignal;
}

export interface MirrorLease {
  /** The bare repository. */
  readonly directory: string;
  /** Whether something had to be brought. */
  readonly fetched: boolean;
  /** Its tags, full ref → id. */
  readonly tags: ReadonlyMap<string, string>;
  /** Once only. */
  release(): void;
}

interface Brought {
  readonly refs: Refs;
  readonly fetched: boolean;
}

const QUICK_MS = 60_000;
const PACK_MS = 30 * 60_000;
const MANY_PACKS = 50;
/** A file in each mirror whose time is that of the last lease. */
const USED = 'slipway-used';

/** Opens the folder of mirrors; it is made when missing. */
export async function openMirrors(directory: string): Promise<Mirrors> {
  await mkdir(directory, { recursive: true });
  const holders = new Map<string, number>();
  /** Of mirrors that this process has looked through; nobody else writes to them. */
  const known = new Map<string, Refs>();
  const flights = sharedFlights();
  const order = singleFlight();

  const hold = (mirror: string): (() => void) => {
    holders.set(mirror, (holders.get(mirror) ?? 0) + 1);
    return () => {
      const left = (holders.get(mirror) ?? 1) - 1;
      if (left === 0) holders.delete(mirror);
      else holders.set(mirror, left);
    };
  };

  /** The refs are known again when it ends well. */
  const bringInto = async (mirror: string, wanted: WantedCommit, signal: AbortSignal): Promise<Brought> => {
    const there = known.get(mirror) ?? (await lookThrough(mirror));
    known.delete(mirror);
    const refs = await bringCommit({ mirror, ...wanted, refs: there, signal });
    known.set(mirror, refs);
    return { refs, fetched: refs !== there };
  };

  const bringIn = async (mirror: string, wanted: WantedCommit, signal: AbortSignal): Promise<Brought> => {
    signal.throwIfAborted();
    if (await ensureRepository(mirror)) known.delete(mirror);
    try {
      return await bringInto(mirror, wanted, signal);
    } catch (error) {
      if (!(error instanceof Problem && isDamaged(String(error.details['cause'])))) throw error;
      await remove(mirror);
      await ensureRepository(mirror);
      return bringInto(mirror, wanted, signal);
    }
  };

  const remove = (mirror: string): Promise<void> => {
    known.delete(mirror);
    return rm(mirror, { recursive: true, force: true });
  };

  /**
   * What is brought for another one of the same commit comes by that one's lease, whose end says nothing to this one:
   * then it is brought anew.
   */
  const joinAny = async (
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Brought>,
  ): Promise<Brought> => {
    for (;;) {
      let isOwn = false;
      try {
        return await flights.join(key, signal, (shared) => {
          isOwn = true;
          return work(shared);
        });
      } catch (error) {
        if (isOwn || signal.aborted || error instanceof Problem) throw error;
      }
    }
  };

  return {
    lease: async (wanted) => {
      check(wanted);
      const mirror = path.join(directory, `${wanted.projectId}.git`);
      const release = hold(mirror);
      const enter = (signal: AbortSignal): Promise<Brought> =>
        order.queue(mirror, () => bringIn(mirror, wanted, signal));
      try {
        const key = `${mirror} ${wanted.commit} ${wanted.ref}`;
        const { refs, fetched } = await joinAny(key, wanted.signal, enter);
        await writeFile(path.join(mirror, USED), '').catch(() => undefined); // discarded by another: the checkout sees it
        return { directory: mirror, fetched, tags: tagsOf(refs), release };
      } catch (error) {
        release();
        throw error;
      }
    },
    discard: (projectId) => {
      const mirror = path.join(directory, `${projectId}.git`);
      return order.queue(mirror, () => remove(mirror));
    },
    prune: async (ageMs) => {
      const names = (await readdir(directory)).filter((name) => name.endsWith('.git'));
      const tidy = (mirror: string): Promise<boolean> =>
        order.queue(mirror, async () => {
          if (holders.has(mirror)) return false;
          known.delete(mirror);
          return tidyMirror(mirror, ageMs);
        });
      const gone = await Promise.all(names.map((name) => tidy(path.join(directory, name))));
      return gone.filter(Boolean).length;
    },
  };
}

function check({ projectId, ref, commit }: WantedCommit): void {
  const wrong = (field: string, cause: string): Problem => new Problem('request_wrong', { field, cause });
  if (!/^[\w-]{1,64}$/.test(projectId)) throw wrong('project', `${projectId} is not an id`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw wrong('commit', `${commit} is not a commit's name`);
  if (!/^refs\/[^\s~^:?*[\\]+$/.test(ref) || ref.includes('..')) throw wrong('ref', `${ref} is not a ref`);
}

/** Its refs, and what a killed git left in it is gone. */
async function lookThrough(mirror: string): Promise<Refs> {
  await removeStaleLocks(mirror);
  return readRefs(mirror);
}

/** Made aside and renamed, so that a worker killed in between leaves no half repository. Whether it was missing. */
async function ensureRepository(mirror: string): Promise<boolean> {
  if (await stat(path.join(mirror, 'HEAD')).catch(() => null)) return false;
  const aside = `${mirror}.new`;
  await rm(aside, { recursive: true, force: true });
  await rm(mirror, { recursive: true, force: true });
  const args = ['init', '--quiet', '--bare', '--template=', aside];
  const result = await runGit(args, { timeoutMs: QUICK_MS });
  if (result.exitCode !== 0)
    throw new Problem('git_failed', { command: 'init', cause: result.stderr.trim() });
  await rename(aside, mirror);
  return true;
}

/** Whether the mirror went; one that stays is packed anew when it has many packs. */
async function tidyMirror(mirror: string, ageMs: number): Promise<boolean> {
  const used = await stat(path.join(mirror, USED)).catch(() => null);
  if (used === null || used.mtimeMs <= Date.now() - ageMs) {
    await rm(mirror, { recursive: true, force: true });
    return true;
  }
  const packs = await readdir(path.join(mirror, 'objects/pack')).catch(() => []);
  if (packs.filter((name) => name.endsWith('.pack')).length > MANY_PACKS) {
    await forgetOldCommits(mirror);
    await runGit(['gc', '--quiet'], { gitDir: mirror, timeoutMs: PACK_MS });
    await utimes(path.join(mirror, USED), used.atime, used.mtime);
  }
  return false;
}
