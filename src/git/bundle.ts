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
  const text = result.stdout.toString('utf8');
  return [...text.matchAll(/^([0-9a-f]+) (.+)$/gm)].map(([, id = '', ref = '']) => ({ id, ref }));
}

/** Those that lead to a commit of the mirror. */
async function knownOf({ objects }: Mirror, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const found = await objects.read(ids.map((id) => `${id}^{commit}`));
  return ids.filter((_, index) => found[index] !== null);
}
