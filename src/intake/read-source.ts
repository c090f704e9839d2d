import { refOf, type RepositoryEvent } from '../core/event.ts';
import { PIPELINE_FILE } from '../pipeline/plan-pipeline.ts';
import type { Base, Changes, CommitInfo, CommitPlace, LargeFile } from '../ports/repositories.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/** What intake reads of a commit for one event. */
export interface Source {
  readonly pipelineFile: string | LargeFile | null;
  readonly hasDockerfile: boolean;
  readonly info: CommitInfo;
  /** Null for an event that is not about a change: a tag, "run now". */
  readonly changes: Changes | null;
}

/** Brings the event's commit into the project's mirror and reads it. @throws Problem as {@link Mirrors}. */
export async function readSource(
  deps: Pick<IntakeDeps, 'mirrors' | 'secrets'>,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<Source> {
  const place = await placeOf(deps, project, event);
  const base = baseOf(event, project.default_branch) ?? undefined;
  const {
    info,
    files: [pipelineFile = null, dockerfile = null],
    changes,
  } = await deps.mirrors.read(place, [PIPELINE_FILE, 'Dockerfile'], base);
  return { pipelineFile, hasDockerfile: dockerfile !== null, info, changes };
}

/** Where the event's commit is. */
export async function placeOf(
  deps: Pick<IntakeDeps, 'secrets'>,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<CommitPlace> {
  const remote = await remoteOf(deps, project);
  return { projectId: project.id, remote, commit: event.commit, ref: fetchRef(event) };
}

/** The paths that an event changed; null when they are not known. */
export function changedPaths({ changes }: Source): readonly string[] | null {
  return changes?.kind === 'known' ? changes.paths : null;
}

/**
 * What an event's commit is compared with. A push: the branch as it was, also where that was forced away. A new branch:
 * the point where it left the default branch. A pull request: the point where it left its target, as the Git host's
 * own page of it does. The first push of the default branch changed every file.
 */
export function baseOf(event: RepositoryEvent, defaultBranch: string): Base | null {
  switch (event.kind) {
    case 'push':
      if (event.before !== null) return { kind: 'commit', commit: event.before };
      return event.branch === defaultBranch
        ? { kind: 'nothing' }
        : { kind: 'branch', branch: defaultBranch, at: null };
    case 'pull_request':
      return { kind: 'branch', branch: event.targetBranch, at: event.targetCommit };
    case 'tag':
    case 'manual':
      return null;
  }
}

/** A pull request of the same repository has its commit on a branch there; not every host has `refs/pull`. */
function fetchRef(event: RepositoryEvent): string {
  return event.kind === 'pull_request' && !event.fromFork ? `refs/heads/${event.sourceBranch}` : refOf(event);
}
