import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GitError } from 'simple-git';
import { Problem } from '../core/problem.ts';
import type { CommitContent, CommitPlace, Mirrors } from '../ports/repositories.ts';
import { parseBatch, parseCommit } from './cat-file.ts';
import { localGit } from './local-git.ts';
import { remoteSettings, unreachable } from './remote.ts';
import { runGit, type GitResult } from './run-git.ts';
import { safeCommit, safeId, safePath, safeRef } from './safe-names.ts';
import { singleFlight } from './single-flight.ts';

export interface MirrorOptions {
  /** One folder a project in it, named by the project's id. */
  readonly directory: string;
  readonly fetchTimeoutMs?: number;
  readonly maxFileBytes?: number;
  /** Ends running commands, with their whole process groups. */
  readonly signal?: AbortSignal;
}

const QUICK_MS = 30_000;
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** Opens the mirrors under a directory; they are made when they are first needed. */
export function createMirrors(options: MirrorOptions): Mirrors {
  const { directory, fetchTimeoutMs = 10 * 60_000, maxFileBytes = 1024 * 1024, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  const flights = singleFlight();
  const folderOf = (projectId: string): string => path.join(directory, `${safeId(projectId)}.git`);
  const git = (projectId: string, args: readonly string[], stdin = ''): Promise<GitResult> =>
    runGit(args, {
      gitDir: folderOf(projectId),
      timeoutMs: QUICK_MS,
      stdin,
      maxBytes: OUTPUT_BYTES,
      ...stop,
    });

  /** Null when the commit is not in the mirror. */
  const readThere = async (
    { projectId, commit }: CommitPlace,
    paths: readonly string[],
  ): Promise<CommitContent | null> => {
    if (!(await isRepository(folderOf(projectId)))) return null;
    const wanted = [`${commit}^{commit}`, ...paths.map((name) => `${commit}:${name}`)];
    const result = await git(projectId, ['cat-file', '--batch'], `${wanted.join('\n')}\n`);
    if (result.exitCode !== 0) throw failed('cat-file', result);
    const [head = null, ...files] = parseBatch(result.stdout, maxFileBytes);
    return head === null ? null : { info: parseCommit(head), files };
  };

  const fetch = ({ projectId, remote }: CommitPlace, refspec: string): Promise<GitResult> =>
    runGit(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', remote.url, refspec], {
      gitDir: folderOf(projectId),
      // What comes is kept as the pack it came in: unpacking would deflate every object again.
      settings: { ...remoteSettings(remote), 'fetch.unpackLimit': '1' },
      timeoutMs: fetchTimeoutMs,
      ...stop,
    });

  const bringIn = async (place: CommitPlace, paths: readonly string[]): Promise<CommitContent> => {
    const { projectId, remote, commit, ref } = place;
    const there = await readThere(place, paths);
    if (there !== null) return there;
    signal?.throwIfAborted();
    await makeRepository(folderOf(projectId));
    let byRef = await fetch(place, `+${ref}:refs/mirror/${ref}`);
    if (isBroken(byRef)) {
      await rm(folderOf(projectId), { recursive: true, force: true });
      await makeRepository(folderOf(projectId));
      byRef = await fetch(place, `+${ref}:refs/mirror/${ref}`);
    }
    const found = byRef.exitCode === 0 ? await readThere(place, paths) : null;
    if (found !== null) return found;
    if (byRef.exitCode !== 0 && !isAbsent(byRef)) throw unreachable(remote, byRef);
    const byId = await fetch(place, `+${commit}:refs/mirror/commits/${commit}`);
    const foundById = byId.exitCode === 0 ? await readThere(place, paths) : null;
    if (foundById !== null) return foundById;
    throw byId.ended === 'by itself'
      ? new Problem('commit_missing', { commit, url: remote.url })
      : unreachable(remote, byId);
  };

  return {
    read: async (asked, paths) => {
      const place = { ...asked, commit: safeCommit(asked.commit), ref: safeRef(asked.ref) };
      const { projectId, commit } = place;
      return flights.share([projectId, commit, ...paths.map(safePath)].join('\n'), () =>
        flights.queue(projectId, () => bringIn(place, paths)),
      );
    },
    changedPaths: async (projectId, from, to) => {
      const range = [safeCommit(from), safeCommit(to)];
      const command = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', ...range];
      try {
        const names = await localGit(folderOf(projectId), signal).raw(command);
        return names.split('\0').filter(Boolean).sort();
      } catch (error) {
        const cause = error instanceof GitError ? error.message.trim() : String(error);
        if (/bad object|unable to read tree/.test(cause)) return null;
        throw new Problem('git_failed', { command: 'diff-tree', cause }, { cause: error });
      }
    },
    remove: (projectId) =>
      flights.queue(projectId, () => rm(folderOf(projectId), { recursive: true, force: true })),
    settled: () => flights.settled(),
  };
}

async function isRepository(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, 'HEAD')).catch(() => null)) !== null;
}

/** Made aside and renamed, so that a server killed in between leaves no half repository. */
async function makeRepository(folder: string): Promise<void> {
  if (await isRepository(folder)) return;
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  await localGit(aside).init(true);
  await rename(aside, folder);
}

function failed(command: string, { stderr, ended }: GitResult): Problem {
  const cause = stderr.trim().split('\n').at(-1) ?? '';
  return new Problem('git_failed', { command, cause: cause === '' ? ended : cause });
}

/** git's words, in the C locale, for a ref or a commit that the remote does not have. */
function isAbsent({ stderr }: GitResult): boolean {
  return /couldn't find remote ref|not our ref|unadvertised object/i.test(stderr);
}

/** A mirror that a killed git left with a lock or half an object: it is made anew, nothing in it is ours alone. */
function isBroken({ stderr }: GitResult): boolean {
  return /\.lock': File exists|bad object|object file .* is empty|not a git repository|corrupt/i.test(stderr);
}
