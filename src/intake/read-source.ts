import { refOf, type RepositoryEvent } from '../core/event.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import {
  isWorkflowFile,
  PIPELINE_FILE,
  PIPELINE_FOLDER,
  type PipelineFile,
} from '../pipeline/pipeline-files.ts';
import type {
  Base,
  Changes,
  CommitContent,
  CommitInfo,
  CommitPlace,
  Folder,
  LargeFile,
} from '../ports/repositories.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/** What intake reads of a commit for one event. */
export interface Source {
  /** `slipway.yml`, else the workflows of `.slipway/`; empty where there is neither. */
  readonly pipelineFiles: readonly PipelineFile[];
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
    files: [file = null, folder = null, dockerfile = null],
    changes,
  } = await deps.mirrors.read(place, [PIPELINE_FILE, PIPELINE_FOLDER, 'Dockerfile'], base);
  const pipelineFiles = await readPipelineFiles(deps, place, { file, folder });
  return { pipelineFiles, hasDockerfile: isFile(dockerfile), info, changes };
}

type Content = CommitContent['files'][number];

/** The file at the root goes before the folder: a repository that has both means the one that it had first. */
async function readPipelineFiles(
  { mirrors }: Pick<IntakeDeps, 'mirrors'>,
  place: CommitPlace,
  { file, folder }: { readonly file: Content; readonly folder: Content },
): Promise<readonly PipelineFile[]> {
  if (isFile(file)) return [{ path: PIPELINE_FILE, text: file }];
  const names = isFolder(folder) ? folder.names.filter(isWorkflowFile) : [];
  // One more than are allowed is read, so that lint says that there are too many.
  const paths = names.slice(0, PIPELINE_LIMITS.files + 1).map((name) => `${PIPELINE_FOLDER}/${name}`);
  if (paths.length === 0) return [];
  const { files } = await mirrors.read(place, paths);
  return paths.flatMap((path, index) => {
    const text = files[index] ?? null;
    return isFile(text) ? [{ path, text }] : [];
  });
}

const isFolder = (content: Content): content is Folder =>
  typeof content === 'object' && content !== null && 'names' in content;
const isFile = (content: Content): content is string | LargeFile => content !== null && !isFolder(content);

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
