import { readInputs } from '../convert/plan-files.ts';
import { readEvent } from '../core/event.ts';
import type { HostedRepository, ManualEvent } from '../core/event.ts';
import type { InputValues } from '../core/input.ts';
import { Problem } from '../core/problem.ts';
import type { InputsView } from '../core/view.ts';
import { takeInputs } from '../pipeline/inputs.ts';
import type { Note } from '../store/store.ts';
import type { ProjectDeps } from './database-projects.ts';
import { findProject, remoteOf, type ProjectRow } from './project-row.ts';
import { readSource, type Source } from './read-source.ts';
import { withSource } from './with-source.ts';

/** See `Projects.inputs`. */
export async function readProjectInputs(
  deps: ProjectDeps,
  projectId: string,
  branch: string,
): Promise<InputsView> {
  const project = await findProject(deps, projectId);
  const event = await newestOf(deps, project, branch);
  const source = await readSource(deps, project, event);
  return { branch, commit: event.commit, inputs: readInputs(source.pipelineFiles, source) ?? [] };
}

/** See `Projects.runNow`. */
export async function runNow(
  deps: ProjectDeps,
  projectId: string,
  { branch, inputs }: { readonly branch: string; readonly inputs: InputValues },
  note: Note,
): Promise<{ buildId: string; number: number }> {
  const project = await findProject(deps, projectId);
  const head = await newestOf(deps, project, branch);
  const source = await readSource(deps, project, head);
  const event: ManualEvent = {
    ...withSource(head, source),
    inputs: demandInputs(source, inputs),
    repository: await lastKnownRepository(deps, projectId),
  };
  const made = await deps.store.transaction(async (tx) => {
    const build = { projectId, deliveryId: null, event, outcome: null, blocked: null };
    const { buildId, number } = await deps.builds.createBuildIn(tx, build);
    await note(tx, { id: buildId, name: `${project.path}#${number}` });
    return { buildId, number };
  });
  deps.intake.planWaiting();
  return made;
}

/** The newest commit of a branch, as the event that a person makes of it. */
async function newestOf(deps: ProjectDeps, project: ProjectRow, branch: string): Promise<ManualEvent> {
  const commit = (await deps.readRemote(await remoteOf(deps, project))).branches.get(branch);
  if (commit === undefined) throw new Problem('not_found', { what: 'branch', id: branch });
  return {
    kind: 'manual',
    branch,
    commit,
    inputs: {},
    message: '',
    author: { name: '', email: '' },
    committedAtMs: null,
    actor: { id: 'admin', login: 'admin', avatarUrl: null },
    url: null,
    repository: null,
  };
}

/** Files with errors ask for nothing: the build shows what is wrong with them. @throws Problem `inputs_wrong`. */
function demandInputs(source: Source, given: InputValues): InputValues {
  const asked = readInputs(source.pipelineFiles, source);
  if (asked === null) return {};
  const { values, wrong } = takeInputs(asked, given);
  if (wrong.length > 0) throw new Problem('inputs_wrong', { list: wrong.join('; ') });
  return values;
}

/** What the newest delivery that led to a build said of the repository; null when there was none. */
async function lastKnownRepository(
  { store }: ProjectDeps,
  projectId: string,
): Promise<HostedRepository | null> {
  const row = await store.db
    .selectFrom('build')
    .where('project_id', '=', projectId)
    .where('event_kind', '!=', 'manual')
    .orderBy('id', 'desc')
    .limit(1)
    .select('event_json')
    .executeTakeFirst();
  return row === undefined ? null : readEvent(row.event_json).repository;
}
