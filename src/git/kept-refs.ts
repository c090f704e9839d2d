import { COMMIT_REFS, commitRef, failed, type Mirror } from './mirror.ts';
import { runGit } from './run-git.ts';
import { localGit } from './local-git.ts';

const TRACKING = 'refs/mirror/';

/** Branches and tags beyond these many, the newest, are forgotten: they are fetched again when somebody asks. */
const MOST_TRACKED = 500;

const QUICK_MS = 30_000;

/**
 * Makes the refs of a mirror those that it needs: one for each commit of `needed` that is there, and the newest
 * branches. What has no ref afterwards may be dropped.
 */
export async function keepCommits(mirror: Mirror, needed: ReadonlySet<string>): Promise<void> {
  const command = ['for-each-ref', '--sort=-creatordate', '--format=%(refname)', TRACKING, COMMIT_REFS];
  const refs = (await localGit(mirror.gitDir).raw(command)).split('\n').filter(Boolean);
  const kept = new Set(
    refs.filter((ref) => ref.startsWith(COMMIT_REFS)).map((ref) => ref.slice(COMMIT_REFS.length)),
  );
  const tracked = refs.filter((ref) => ref.startsWith(TRACKING));
  const lines = [
    ...(
      await present(
        mirror,
        [...needed].filter((commit) => !kept.has(commit)),
      )
    ).map((commit) => `update ${commitRef(commit)} ${commit}`),
    ...[...kept].filter((commit) => !needed.has(commit)).map((commit) => `delete ${commitRef(commit)}`),
    ...tracked.slice(MOST_TRACKED).map((ref) => `delete ${ref}`),
  ];
  if (lines.length > 0) await git(mirror, ['update-ref', '--stdin'], lines);
}

async function present(mirror: Mirror, commits: readonly string[]): Promise<readonly string[]> {
  if (commits.length === 0) return [];
  const answer = await git(mirror, ['cat-file', '--batch-check'], commits);
  return [...answer.matchAll(/^([0-9a-f]+) commit \d+$/gm)].map(([, commit = '']) => commit);
}

async function git(mirror: Mirror, args: readonly string[], lines: readonly string[]): Promise<string> {
  const stdin = `${lines.join('\n')}\n`;
  const result = await runGit(args, { gitDir: mirror.gitDir, timeoutMs: QUICK_MS, stdin });
  if (result.exitCode !== 0) throw failed(args[0] ?? '', result);
  return result.stdout.toString('utf8');
}
