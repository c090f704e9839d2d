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

async function tagsOf(mirror: Mirror): Promise<readonly Tag[]> {
  const answer = await askMirror(mirror, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/tags']);
  const lines = answer.split('\n').filter(Boolean);
  return lines.map((line) => ({
    id: line.slice(0, line.indexOf(' ')),
    ref: line.slice(line.indexOf(' ') + 1),
  }));
}
