import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import type { Credentials } from '../../src/git/remote.ts';
import { runGit } from '../../src/git/run-git.ts';
import { singleFlight } from '../../src/git/single-flight.ts';
import { fetchCommit, hasCommit, isDamaged } from './fetch-commit.ts';
import { removeStaleLocks } from './remove-stale-locks.ts';
import { sharedFlights } from './shared-flight.ts';

/**
 * The bare mirrors on this worker's disk, one a repository address, whoever asks: the server has checked that a
 * project may read its address. Only one process may own the folder. Nothing is packed or pruned while leased.
 */
export interface Mirrors {
  /**
   * Makes sure that the mirror of `url` holds `commit`, and keeps the mirror until `release`.
   * One fetch at a time a mirror, and none when the commit is there already, however many ask.
   * @throws Problem `commit_missing`, `repository_unreachable`; the signal's reason when it aborts.
   */
  lease(wanted: WantedCommit): Promise<MirrorLease>;
  /** Removes a mirror that turned out to be damaged, held or not: the next lease fetches anew. */
  discard(url: string): Promise<void>;
  /** Removes mirrors that nobody holds and nobody used for `ageMs`, packs the others; returns how many went. */
  prune(ageMs: number): Promise<number>;
}

export interface WantedCommit {
  /** `http`, `https` or `ssh` address without credentials in it. */
  readonly url: string;
  /** Full ref, e.g. `refs/heads/main`: fetched when the host does not serve a commit by its name. */
  readonly ref: string;
  /** 40 (or 64) hex digits. */
  readonly commit: string;
  readonly credentials: Credentials | null;
  readonly signal: AbortSignal;
}

export interface MirrorLease {
  /** The bare repository. */
  readonly directory: string;
  /** Whether something had to be fetched. */
  readonly fetched: boolean;
  /** Once only. */
  release(): void;
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
  const seen = new Set<string>();
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

  const bringIn = async (mirror: string, wanted: WantedCommit, signal: AbortSignal): Promise<boolean> => {
    signal.throwIfAborted();
    await ensureRepository(mirror);
    if (!seen.has(mirror)) await removeStaleLocks(mirror);
    seen.add(mirror);
    if (await isComplete(mirror, wanted)) return false;
    const { url, credentials, commit, ref } = wanted;
    const fetch = (): Promise<void> =>
      fetchCommit({ mirror, remote: { url, credentials }, commit, ref, signal });
    try {
      await fetch();
    } catch (error) {
      if (signal.aborted) seen.delete(mirror);
      if (!(error instanceof Problem && isDamaged(String(error.details['cause'])))) throw error;
      await rm(mirror, { recursive: true, force: true });
      await ensureRepository(mirror);
      await fetch();
    }
    return true;
  };

  return {
    lease: async (wanted) => {
      check(wanted);
      const mirror = path.join(directory, folderOf(wanted.url));
      const release = hold(mirror);
      const enter = async (signal: AbortSignal): Promise<boolean> => {
        if (seen.has(mirror) && (await isComplete(mirror, wanted))) return false;
        return order.queue(mirror, () => bringIn(mirror, wanted, signal));
      };
      try {
        const key = `${mirror} ${wanted.commit} ${wanted.ref}`;
        const fetched = await flights.join(key, wanted.signal, enter);
        await writeFile(path.join(mirror, USED), '').catch(() => undefined); // discarded by another: the checkout sees it
        return { directory: mirror, fetched, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    discard: (url) => {
      const mirror = path.join(directory, folderOf(url));
      return order.queue(mirror, () => rm(mirror, { recursive: true, force: true }));
    },
    prune: async (ageMs) => {
      const names = (await readdir(directory)).filter((name) => name.endsWith('.git'));
      const tidy = (mirror: string): Promise<boolean> =>
        order.queue(mirror, async () => !holders.has(mirror) && tidyMirror(mirror, ageMs));
      const gone = await Promise.all(names.map((name) => tidy(path.join(directory, name))));
      return gone.filter(Boolean).length;
    },
  };
}

function check({ url, ref, commit }: WantedCommit): void {
  const wrong = (field: string, cause: string): Problem => new Problem('request_wrong', { field, cause });
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
    throw wrong('commit', `${commit} is not a commit's name`);
  if (!/^refs\/[^\s~^:?*[\\]+$/.test(ref) || ref.includes('..')) throw wrong('ref', `${ref} is not a ref`);
  if (!/^(https?|ssh):\/\/[^\s-]/.test(url))
    throw wrong('url', `${url} is not an http, https or ssh address`);
}

function folderOf(url: string): string {
  return `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.git`;
}

/** A tag's build needs the tag as well, so that `git describe` names it. */
async function isComplete(mirror: string, { commit, ref }: WantedCommit): Promise<boolean> {
  if (!(await hasCommit(mirror, commit))) return false;
  if (!ref.startsWith('refs/tags/')) return true;
  const args = ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  const result = await runGit(args, { gitDir: mirror, timeoutMs: QUICK_MS });
  return result.stdout.toString('utf8').trim() === commit;
}

/** Made aside and renamed, so that a worker killed in between leaves no half repository. */
async function ensureRepository(mirror: string): Promise<void> {
  if (await stat(path.join(mirror, 'HEAD')).catch(() => null)) return;
  const aside = `${mirror}.new`;
  await rm(aside, { recursive: true, force: true });
  await rm(mirror, { recursive: true, force: true });
  const args = ['init', '--quiet', '--bare', '--template=', aside];
  const result = await runGit(args, { timeoutMs: QUICK_MS });
  if (result.exitCode !== 0)
    throw new Problem('git_failed', { command: 'init', cause: result.stderr.trim() });
  await rename(aside, mirror);
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
    await runGit(['gc', '--quiet'], { gitDir: mirror, timeoutMs: PACK_MS });
    await utimes(path.join(mirror, USED), used.atime, used.mtime);
  }
  return false;
}
