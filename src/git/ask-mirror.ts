import { failed, type Mirror } from './mirror.ts';
import { runGit } from './run-git.ts';

const QUICK_MS = 30_000;

/** What a quick command on a mirror answers to these lines of input. @throws Problem `git_failed`. */
export async function askMirror(
  { gitDir }: Pick<Mirror, 'gitDir'>,
  args: readonly string[],
  lines: readonly string[] = [],
): Promise<string> {
  const stdin = lines.map((line) => `${line}\n`).join('');
  const result = await runGit(args, { gitDir, timeoutMs: QUICK_MS, stdin });
  if (result.exitCode !== 0) throw failed(args[0] ?? '', result);
  return result.stdout.toString('utf8');
}

export interface KnownObject {
  readonly id: string;
  readonly type: string;
}

/**
 * Those of the ids whose objects the mirror has, each once. By a process of its own and without reading the objects:
 * there may be many, and large ones.
 */
export async function findObjects(mirror: Mirror, ids: readonly string[]): Promise<readonly KnownObject[]> {
  if (ids.length === 0) return [];
  const answer = await askMirror(mirror, ['cat-file', '--batch-check'], [...new Set(ids)]);
  const found = answer.matchAll(/^([0-9a-f]{40}) ([a-z]+) \d+$/gm);
  return [...found].map(([, id = '', type = '']) => ({ id, type }));
}
