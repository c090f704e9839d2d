import { setTimeout as sleep } from 'node:timers/promises';
import { TIMES } from '../../config/times.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { matchesProject } from '../core/project-path.ts';
import {
  LINK,
  nameOf,
  originKey,
  type IncludedFile,
  type IncludedFiles,
  type IncludeOrigin,
  type IncludeRef,
} from '../pipeline/include/included-file.ts';
import type { ReadIncluded } from '../pipeline/include/gather-included.ts';
import type { CommitPlace, IncludedContent, Mirrors } from '../ports/repositories.ts';
import { sharedWith } from '../store/read/projects.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/**
 * Reads what the files of a build include: of the commit that is built, and of other projects at the commits that are
 * named, as far as those projects let this one. A pull request of a fork is whoever's: it reads only what is shared with
 * all. Whether a project is not there or does not share its files is answered alike. What is wrong with another project
 * is a problem of the include. What cannot be read there is tried a few times, and then not asked for again.
 * @param times For all that is read of other projects, from the first of it on; and between two tries.
 * @throws Problem as `Mirrors.read`, of the project's own repository alone.
 */
export function includedReader(
  deps: Pick<IntakeDeps, 'store' | 'secrets' | 'log'> & { readonly mirrors: Pick<Mirrors, 'readIncluded'> },
  project: ProjectRow,
  event: RepositoryEvent,
  place: CommitPlace,
  { foreignMs, pauseMs }: { readonly foreignMs: number; readonly pauseMs: number } = {
    foreignMs: TIMES.includeRead,
    pauseMs: TIMES.includeAgain,
  },
): ReadIncluded {
  const refused = new Map<string, IncludedFile>();
  const away = new Map<string, IncludedFile>();
  let deadline: AbortSignal | null = null;

  const readForeign = async (
    origin: IncludeOrigin,
    refs: readonly IncludeRef[],
  ): Promise<readonly IncludedFile[]> => {
    const known = refused.get(originKey(origin)) ?? away.get(origin.project);
    if (known !== undefined) return refs.map(() => known);
    const { db } = deps.store;
    const row = await db
      .selectFrom('project')
      .where('path', '=', origin.project)
      .selectAll()
      .executeTakeFirst();
    const isAllowed = row !== undefined && isShared(row, project, event);
    const found = isAllowed ? await readOf(row, origin, refs) : refusal(origin.project, project, event);
    if (!('kind' in found)) return filesOf(refs, found);
    if (found.kind === 'unreachable') away.set(origin.project, found);
    else refused.set(originKey(origin), found);
    return refs.map(() => found);
  };

  const readOf = async (
    row: ProjectRow,
    { commit }: IncludeOrigin,
    refs: readonly IncludeRef[],
  ): Promise<IncludedContent | IncludedFile> => {
    deadline ??= AbortSignal.timeout(foreignMs);
    for (let tries = 1; ; tries++) {
      try {
        const remote = await remoteOf(deps, row);
        const at = { projectId: row.id, remote, commit, ref: `refs/heads/${row.default_branch}` };
        return await deps.mirrors.readIncluded(at, pathsOf(refs), deadline);
      } catch (error) {
        const isLate = deadline.aborted && error === deadline.reason;
        if (!isLate && (!(error instanceof Problem) || error.code === 'lock_lost')) throw error;
        if (!isLate && error instanceof Problem && error.code === 'commit_missing')
          return refusedFor(`its project has no commit ${commit}`, 'Write a commit that is there.');
        deps.log.warn(
          { err: error, projectId: row.id, commit, tries },
          'an included commit could not be read',
        );
        if (!isLate && tries < TRIES && (await isPassed(pauseMs * 4 ** (tries - 1), deadline))) continue;
        const cause = isLate
          ? `its repository was not read within ${Math.round(foreignMs / 1_000)} seconds`
          : 'its repository could not be read';
        return { kind: 'unreachable', cause, fix: AWAY };
      }
    }
  };

  return async (refs) => {
    const answers = new Map<IncludeRef, IncludedFile>();
    for (const group of byOrigin(refs)) {
      const origin = group[0]?.origin ?? null;
      const found =
        origin === null
          ? filesOf(group, await deps.mirrors.readIncluded(place, pathsOf(group)))
          : await readForeign(origin, group);
      group.forEach((ref, index) => answers.set(ref, found[index] ?? { kind: 'missing' }));
    }
    return refs.map((ref) => answers.get(ref) ?? { kind: 'missing' });
  };
}

/** Of what a moment later may be there. */
const TRIES = 3;

/** False when it was ended before. */
function isPassed(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

/** What of the included files could not be read this time; null when nothing is missing. */
export function unreachableOf(included: IncludedFiles): Problem | null {
  for (const [key, file] of included)
    if (file.kind === 'unreachable') {
      const [project = '', commit = '', name = ''] = JSON.parse(key) as readonly string[];
      return new Problem('include_unreachable', {
        name: nameOf({ origin: { project, commit }, file: name }),
        cause: file.cause,
      });
    }
  return null;
}

const AWAY = "Run the build again once that project's Git host answers; the server's log has the cause.";

const pathsOf = (refs: readonly IncludeRef[]): readonly string[] => refs.map(({ file }) => file);

function filesOf(refs: readonly IncludeRef[], { files, links }: IncludedContent): readonly IncludedFile[] {
  return refs.map(({ file }, index): IncludedFile => {
    if (links.has(file)) return LINK;
    const content = files[index] ?? null;
    if (content === null || (typeof content === 'object' && 'names' in content)) return { kind: 'missing' };
    return { kind: 'file', text: content };
  });
}

function byOrigin(refs: readonly IncludeRef[]): readonly (readonly IncludeRef[])[] {
  const groups = new Map<string, IncludeRef[]>();
  for (const ref of refs) {
    const key = ref.origin === null ? '' : originKey(ref.origin);
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
  return refusedFor(
    `no project \`${path}\` shares its files with ${reader}`,
    `Whoever keeps that project allows it: \`slipway project share ${path} --with ${name}\`, or on its page.`,
  );
}

function refusedFor(cause: string, fix: string): IncludedFile {
  return { kind: 'refused', cause, fix };
}
