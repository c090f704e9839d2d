import type { RepositoryEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { matchesProject } from '../core/project-path.ts';
import type { IncludedFile, IncludeOrigin, IncludeRef } from '../pipeline/include/included-file.ts';
import type { ReadIncluded } from '../pipeline/include/gather-included.ts';
import type { CommitPlace } from '../ports/repositories.ts';
import { sharedWith } from '../store/read/projects.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/**
 * Reads what the files of a build include: of the commit that is built, and of other projects at the commits that are
 * named, as far as those projects let this one. A pull request of a fork is whoever's: it reads only what is shared with
 * all. Whether a project is not there or does not share its files is answered alike.
 */
export function includedReader(
  deps: Pick<IntakeDeps, 'store' | 'mirrors' | 'secrets'>,
  project: ProjectRow,
  event: RepositoryEvent,
  place: CommitPlace,
): ReadIncluded {
  const readGroup = async (refs: readonly IncludeRef[]): Promise<readonly IncludedFile[]> => {
    const origin = refs[0]?.origin ?? null;
    const found = origin === null ? place : await placeOf(origin);
    return 'kind' in found ? refs.map(() => found) : readAt(found, refs);
  };

  const placeOf = async ({ project: path, commit }: IncludeOrigin): Promise<CommitPlace | IncludedFile> => {
    const { db } = deps.store;
    const row = await db.selectFrom('project').where('path', '=', path).selectAll().executeTakeFirst();
    if (row === undefined || !isShared(row, project, event)) return refusal(path, project, event);
    const remote = await remoteOf(deps, row);
    return { projectId: row.id, remote, commit, ref: `refs/heads/${row.default_branch}` };
  };

  const readAt = async (at: CommitPlace, refs: readonly IncludeRef[]): Promise<readonly IncludedFile[]> => {
    try {
      const { files } = await deps.mirrors.read(
        at,
        refs.map(({ file }) => file),
      );
      return files.map((content): IncludedFile => {
        if (content === null || (typeof content === 'object' && 'names' in content))
          return { kind: 'missing' };
        return { kind: 'file', text: content };
      });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'commit_missing' || at === place) throw error;
      const cause = `its project has no commit ${at.commit}`;
      return refs.map(() => ({ kind: 'refused', cause, fix: 'Write a commit that is there.' }));
    }
  };

  return async (refs) => {
    const answers = new Map<IncludeRef, IncludedFile>();
    for (const group of byOrigin(refs)) {
      const found = await readGroup(group);
      group.forEach((ref, index) => answers.set(ref, found[index] ?? { kind: 'missing' }));
    }
    return refs.map((ref) => answers.get(ref) ?? { kind: 'missing' });
  };
}

function byOrigin(refs: readonly IncludeRef[]): readonly (readonly IncludeRef[])[] {
  const groups = new Map<string, IncludeRef[]>();
  for (const ref of refs) {
    const key = ref.origin === null ? '' : `${ref.origin.project} ${ref.origin.commit}`;
    groups.set(key, [...(groups.get(key) ?? []), ref]);
  }
  return [...groups.values()];
}

const isFork = (event: RepositoryEvent): boolean => event.kind === 'pull_request' && event.fromFork;

function isShared(row: ProjectRow, project: ProjectRow, event: RepositoryEvent): boolean {
  const patterns = sharedWith(row);
  if (isFork(event)) return patterns.includes('*');
  return row.id === project.id || patterns.some((pattern) => matchesProject(pattern, project.path));
}

function refusal(path: string, project: ProjectRow, event: RepositoryEvent): IncludedFile {
  const reader = isFork(event) ? 'pull requests of forks' : `\`${project.path}\``;
  const name = isFork(event) ? '"*"' : project.path;
  return {
    kind: 'refused',
    cause: `no project \`${path}\` shares its files with ${reader}`,
    fix: `Whoever keeps that project allows it: \`slipway project share ${path} --with ${name}\`.`,
  };
}
