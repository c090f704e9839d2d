import { commitRef, failed, type Mirror } from './mirror.ts';
import { runGit } from './run-git.ts';
import { streamGit } from './stream-git.ts';

const QUICK_MS = 30_000;

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
  const [tags, known] = await Promise.all([tagsOf(mirror), knownOf(mirror, have)]);
  const head = [
    '# v2 git bundle',
    ...known.map((id) => `-${id}`),
    `${commit} ${commitRef(commit)}`,
    ...tags.map(({ id, ref }) => `${id} ${ref}`),
    '\n',
  ];
  const revisions = [commit, ...tags.map(({ id }) => id), '--not', ...known, ''];
  // Most of a bundle is new and small, and the next build waits for it: no time is spent on making it smaller.
  const pack = streamGit(
    ['pack-objects', '--revs', '--thin', '--delta-base-offset', '--window=0', '--stdout', '-q'],
    {
      gitDir: mirror.gitDir,
      settings: { 'pack.compression': '1' },
      stdin: revisions.join('\n'),
      signal: mirror.signal === undefined ? signal : AbortSignal.any([signal, mirror.signal]),
    },
  );
  return joined(head.join('\n'), pack);
}

async function* joined(head: string, pack: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield Buffer.from(head);
  yield* pack;
}

interface Tag {
  readonly id: string;
  readonly ref: string;
}

async function tagsOf({ gitDir }: Mirror): Promise<readonly Tag[]> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/tags'];
  const result = await runGit(args, { gitDir, timeoutMs: QUICK_MS });
  if (result.exitCode !== 0) throw failed('for-each-ref', result);
  const lines = result.stdout.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => ({
    id: line.slice(0, line.indexOf(' ')),
    ref: line.slice(line.indexOf(' ') + 1),
  }));
}

/** Those that the mirror has. By a process of its own: what a worker names may be many and large. */
async function knownOf({ gitDir }: Mirror, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const stdin = `${[...new Set(ids)].join('\n')}\n`;
  const result = await runGit(['cat-file', '--batch-check'], { gitDir, timeoutMs: QUICK_MS, stdin });
  if (result.exitCode !== 0) throw failed('cat-file', result);
  const found = result.stdout.toString('utf8').matchAll(/^([0-9a-f]{40}) [a-z]+ \d+$/gm);
  return [...found].map(([, id = '']) => id);
}
