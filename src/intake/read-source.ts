import { refOf, type RepositoryEvent } from '../core/event.ts';
import { FOREIGN_PLACES, isForeignPath, isPipelineFileIn } from '../convert/read-foreign.ts';
import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { gatherIncluded } from '../pipeline/include/gather-included.ts';
import type { IncludedFiles } from '../pipeline/include/included-file.ts';
import { PIPELINE_FILE, PIPELINE_FOLDER, type PipelineFile } from '../pipeline/pipeline-files.ts';
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
import { includedReader } from './read-included.ts';
import { remoteOf, type ProjectRow } from './project-row.ts';

/** What intake reads of a commit for one event. */
export interface Source {
  /** Those of the first place that has any; empty where the repository has none. */
  readonly pipelineFiles: readonly PipelineFile[];
  readonly hasDockerfile: boolean;
  readonly info: CommitInfo;
  /** What those include. */
  readonly included: IncludedFiles;
  /** Null for an event that is not about a change: a tag, "run now". */
  readonly changes: Changes | null;
}

/** Brings the event's commit into the project's mirror and reads it. @throws Problem as {@link Mirrors}. */
export async function readSource(
  deps: Pick<IntakeDeps, 'store' | 'mirrors' | 'secrets' | 'log'>,
  project: ProjectRow,
  event: RepositoryEvent,
): Promise<Source> {
  const place = await placeOf(deps, project, event);
  const base = baseOf(event, project.default_branch) ?? undefined;
  const { info, files, changes } = await deps.mirrors.read(place, [...PLACES, 'Dockerfile'], base);
  const found = files.findIndex(
    (content, index) => index < PLACES.length && hasPipeline(PLACES[index] ?? '', content),
  );
  const pipelineFiles = await readPipelineFiles(deps, place, PLACES[found] ?? '', files[found] ?? null);
  const own = pipelineFiles.filter(({ path }) => !isForeignPath(path));
  const included = await gatherIncluded(own, includedReader(deps, project, event, place));
  return { pipelineFiles, included, hasDockerfile: isFile(files[PLACES.length] ?? null), info, changes };
}

/** Files, and folders of files, that say what is built: the first of them that is there. */
const PLACES: readonly string[] = [PIPELINE_FILE, PIPELINE_FOLDER, ...FOREIGN_PLACES];

type Content = CommitContent['files'][number];

async function readPipelineFiles(
  { mirrors }: Pick<IntakeDeps, 'mirrors'>,
  place: CommitPlace,
  path: string,
  content: Content,
): Promise<readonly PipelineFile[]> {
  if (isFile(content)) return [{ path, text: content }];
  if (content === null) return [];
  // One more than are allowed is read, so that lint says that there are too many.
  const names = content.names
    .filter((name) => isPipelineFileIn(path, name))
    .slice(0, PIPELINE_LIMITS.files + 1);
  const paths = names.map((name) => `${path}/${name}`);
  const { files } = await mirrors.read(place, paths);
  return paths.flatMap((one, index) => {
    const text = files[index] ?? null;
    return isFile(text) ? [{ path: one, text }] : [];
  });
}

function hasPipeline(place: string, content: Content): boolean {
  return (
    isFile(content) || (isFolder(content) && content.names.some((name) => isPipelineFileIn(place, name)))
  );
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
    case 'cron':
      return null;
  }
}

/** A pull request of the same repository has its commit on a branch there; not every host has `refs/pull`. */
function fetchRef(event: RepositoryEvent): string {
  return event.kind === 'pull_request' && !event.fromFork ? `refs/heads/${event.sourceBranch}` : refOf(event);
}
