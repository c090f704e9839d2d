import { refOf, type RepositoryEvent } from '../core/event.ts';
import { PIPELINE_FILE } from '../pipeline/plan-pipeline.ts';
import type { CommitInfo } from '../ports/repositories.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/** What intake reads of a commit; the same for every event of it. */
export interface Source {
  readonly pipelineFile: string | null;
  readonly hasDockerfile: boolean;
  readonly info: CommitInfo;
  /** Paths that differ from the commit before the push; null when that is not known. */
  readonly changedFiles: readonly string[] | null;
}

/** Brings the event's commit into the project's mirror and reads it. @throws Problem as {@link Mirrors}. */
export async function readSource(
  deps: Pick<IntakeDeps, 'mirrors' | 'secrets'>,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<Source> {
  const { mirrors } = deps;
  const { commit } = event;
  const place = {
    projectId: project.id,
    remote: await remoteOf(deps, project),
    commit,
    ref: fetchRef(event),
  };
  const {
    info,
    files: [pipelineFile = null, dockerfile = null],
  } = await mirrors.read(place, [PIPELINE_FILE, 'Dockerfile']);
  const before = event.kind === 'push' ? event.before : null;
  const changedFiles = before === null ? null : await mirrors.changedPaths(project.id, before, commit);
  return { pipelineFile, hasDockerfile: dockerfile !== null, info, changedFiles };
}

/** A pull request of the same repository has its commit on a branch there; not every host has `refs/pull`. */
function fetchRef(event: RepositoryEvent): string {
  return event.kind === 'pull_request' && !event.fromFork ? `refs/heads/${event.sourceBranch}` : refOf(event);
}
