import { Problem } from '../core/problem.ts';
import { askMirror, findObjects } from './ask-mirror.ts';
import { commitRef, type Mirror } from './mirror.ts';
import { streamGit } from './stream-git.ts';

/**
 * A commit that the mirror has, its history and the tags, as a Git bundle: a head of lines (what the reader must have,
 * then the refs), an empty line, a pack (`gitformat-bundle`, version 2). Git's own command for it takes refs only, and
 * a mirror has none for most commits.
 */
export async function bundleOf(
  mirror: Mirror,
  commit: string,
  have: readonly string[],
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const [tags, there] = await Promise.all([tagsOf(mirror), findObjects(mirror, have)]);
  const known = there.map(({ id }) => id);
  const own = `${commit} ${commitRef(commit)}`;
  const head = [
    '# v2 git bundle',
    ...known.map((id) => `-${id}`),
    own,
    ...tags.map(({ id, ref }) => `${id} ${ref}`),
  ];
  const revisions = [commit, ...tags.map(({ id }) => id), '--not', ...known, ''];
  const over = new AbortController();
  const signals = [signal, over.signal, ...(mirror.signal === undefined ? [] : [mirror.signal])];
  // Most of a bundle is new and small, and the next build waits for it: no time is spent on making it smaller.
  const pack = streamGit(
    ['pack-objects', '--revs', '--thin', '--delta-base-offset', '--window=0', '--stdout', '-q'],
    {
      gitDir: mirror.gitDir,
      settings: { 'pack.compression': '1' },
      stdin: revisions.join('\n'),
      signal: AbortSignal.any(signals),
    },
  );
  return joined(head, pack, { line: own, everyMs: mirror.keepAliveMs, mostMs: mirror.countingMs, over });
}

/**
 * While git counts the objects of a large repository it writes nothing, and what is between here and the reader cuts a
 * connection on which nothing moves. So the head is ended as late as the pack begins: until then, a line of it comes again.
 * For so long and no longer: a git that hangs would look as if it counted.
 */
async function* joined(
  head: readonly string[],
  pack: AsyncIterable<Buffer>,
  again: {
    readonly line: string;
    readonly everyMs: number;
    readonly mostMs: number;
    /** Ends the pack, whose reader could not stop while it waits for the first of it. */
    readonly over: AbortController;
  },
): AsyncGenerator<Buffer, void> {
  yield Buffer.from(`${head.join('\n')}\n`);
  const parts = pack[Symbol.asyncIterator]();
  const first = parts.next();
  first.catch(() => undefined);
  const endMs = performance.now() + again.mostMs;
  try {
    while (!(await isSettled(first, again.everyMs))) {
      if (performance.now() >= endMs) throw tooLong(again.mostMs);
      yield Buffer.from(`${again.line}\n`);
    }
    yield Buffer.from('\n');
    const opening = await first;
    if (opening.done === true) return;
    yield opening.value;
    yield* { [Symbol.asyncIterator]: () => parts };
  } finally {
    again.over.abort();
    await parts.return?.();
  }
}

function tooLong(mostMs: number): Problem {
  const cause = `it has not begun to write for ${mostMs / 1_000} s`;
  return new Problem('git_failed', { command: 'pack-objects', cause });
}

/** Whether it settles within this time. */
async function isSettled(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), withinMs);
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late.promise]).finally(() => clearTimeout(timer));
}

interface Tag {
  readonly id: string;
  readonly ref: string;
}

async function tagsOf(mirror: Mirror): Promise<readonly Tag[]> {
  const answer = await askMirror(mirror, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/tags']);
  const lines = answer.split('\n').filter(Boolean);
  return lines.map((line) => ({
    id: line.slice(0, line.indexOf(' ')),
    ref: line.slice(line.indexOf(' ') + 1),
  }));
}
