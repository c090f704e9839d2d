import { askMirror, findObjects } from './ask-mirror.ts';
import { localGit } from './local-git.ts';
import { COMMIT_REFS, commitRef, INCLUDED_REFS, type Mirror } from './mirror.ts';

const TRACKING = 'refs/mirror/';

/** Branches and tags beyond these many, the newest, are forgotten: they are fetched again when somebody asks. */
const MOST_TRACKED = 500;
/** Likewise commits that pipeline files have named; those of the last hour are needed, and stay in any case. */
const MOST_INCLUDED = 100;

/**
 * Makes the refs of a mirror those that it needs: one for each commit of `needed` that is there, the newest
 * branches, and the newest that were included. What has no ref afterwards may be dropped.
 */
export async function keepCommits(mirror: Mirror, needed: ReadonlySet<string>): Promise<void> {
  const command = [
    'for-each-ref',
    '--sort=-creatordate',
    '--format=%(refname)',
    TRACKING,
    COMMIT_REFS,
    INCLUDED_REFS,
  ];
  const refs = (await localGit(mirror.gitDir).raw(command)).split('\n').filter(Boolean);
  const kept = new Set(
    refs.filter((ref) => ref.startsWith(COMMIT_REFS)).map((ref) => ref.slice(COMMIT_REFS.length)),
  );
  const tracked = refs.filter((ref) => ref.startsWith(TRACKING));
  const included = refs.filter((ref) => ref.startsWith(INCLUDED_REFS));
  const missing = [...needed].filter((commit) => !kept.has(commit));
  const there = (await findObjects(mirror, missing)).filter(({ type }) => type === 'commit');
  const lines = [
    ...there.map(({ id }) => `update ${commitRef(id)} ${id}`),
    ...[...kept].filter((commit) => !needed.has(commit)).map((commit) => `delete ${commitRef(commit)}`),
    ...[...tracked.slice(MOST_TRACKED), ...included.slice(MOST_INCLUDED)].map((ref) => `delete ${ref}`),
  ];
  if (lines.length > 0) await askMirror(mirror, ['update-ref', '--stdin'], lines);
}
