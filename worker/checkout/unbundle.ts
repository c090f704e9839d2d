import { Problem } from '../../src/core/problem.ts';
import { runGit } from '../../src/git/run-git.ts';
import { removeStaleLocks } from './remove-stale-locks.ts';

/** What a bundle has: ref → id. */
export type BundleRefs = ReadonlyMap<string, string>;

/** The lease ends it sooner, and a transfer in which nothing moves for 5 min breaks off; the server sees to it that something does. */
const UNPACK_MS = 6 * 3_600_000;
const HEAD_BYTES = 16 * 1024 * 1024;

/**
 * Puts the objects of a bundle (`gitformat-bundle`, version 2) into a repository that nothing else writes to, as it
 * arrives. Its refs are left to the caller. Null when it did not come or broke off before its end: another one may be
 * whole. git is started while the server still makes the bundle.
 *
 * Nothing of it is made durable on its own: what a power cut takes from a worker's mirror is found to be damaged, and
 * fetched again.
 * @throws Problem `git_failed`; what `bundle` rejects with; the signal's reason when it aborts.
 */
export async function unbundle(
  gitDir: string,
  bundle: Promise<AsyncIterable<Uint8Array> | null>,
  signal: AbortSignal,
): Promise<BundleRefs | null> {
  let refs: BundleRefs | null = null;
  const pack = async function* (): AsyncGenerator<Uint8Array> {
    const parts = (await bundle)?.[Symbol.asyncIterator]();
    const opening = parts === undefined ? null : await readHead(parts);
    if (parts === undefined || opening === null) throw new Error('there is no pack');
    refs = opening.refs;
    yield opening.rest;
    yield* { [Symbol.asyncIterator]: () => parts };
  };
  const result = await runGit(['index-pack', '--stdin', '--fix-thin'], {
    gitDir,
    settings: { 'core.fsync': 'none' },
    stdin: pack(),
    timeoutMs: UNPACK_MS,
    signal,
  });
  // A pack that is not whole would be linked into every checkout.
  if (result.exitCode !== 0) await removeStaleLocks(gitDir);
  signal.throwIfAborted();
  if (result.ended === 'too little input') {
    await bundle;
    return null;
  }
  if (result.exitCode === 0) return refs;
  throw new Problem('git_failed', { command: 'index-pack', cause: result.stderr.trim() || result.ended });
}

interface Opening {
  readonly refs: BundleRefs;
  /** The first bytes of the pack. */
  readonly rest: Uint8Array;
}

/** Null when there is none. */
async function readHead(parts: AsyncIterator<Uint8Array>): Promise<Opening | null> {
  let bytes = Buffer.alloc(0);
  let end = -1;
  while (end < 0 && bytes.length < HEAD_BYTES) {
    const next = await parts.next();
    if (next.done === true) return null;
    bytes = Buffer.concat([bytes, next.value]);
    end = bytes.indexOf('\n\n');
  }
  if (end < 0) return null;
  const lines = bytes.subarray(0, end).toString('utf8').split('\n');
  const refs = lines.flatMap((line) => {
    const [, id = '', ref = ''] = /^([0-9a-f]{40}) (refs\/[^]+)$/.exec(line) ?? [];
    return ref === '' ? [] : [[ref, id] as const];
  });
  return { refs: new Map(refs), rest: bytes.subarray(end + 2) };
}
