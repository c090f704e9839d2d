import type { Builds } from '../builds/index.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import { changeSharing, MOST_SHARED, PROJECT_PATH } from '../core/project-path.ts';
import type { SharingChange } from '../core/project-path.ts';
import type { Remote } from '../ports/repositories.ts';
import { sharedWith } from '../store/read/projects.ts';
import { noNote, type Note, type Tx } from '../store/store.ts';
import { parseCloneUrl } from './clone-url.ts';
import { connectProject, demand, disconnectProject, findInstallation } from './connect-project.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { Intake } from './intake.ts';
import { findProject } from './project-row.ts';
import type { Projects } from './projects.ts';
import { endRemovals, removeProject } from './remove-project.ts';
import { readProjectInputs, runNow } from './run-now.ts';

export interface ProjectDeps extends Omit<IntakeDeps, 'builds' | 'settings'> {
  readonly builds: Pick<Builds, 'createBuildIn'>;
  readonly intake: Pick<Intake, 'planWaiting'>;
}

/** Projects in the database. */
export function createProjects(deps: ProjectDeps): Projects {
  return {
    add: (project, note = noNote) => addProject(deps, project, note),
    change: (projectId, change, note = noNote) => changeProject(deps, projectId, change, note),
    connect: async (projectId, token, note = noNote) =>
      connectProject(deps, await findProject(deps, projectId), token, note),
    disconnect: async (projectId, note = noNote) =>
      disconnectProject(deps, await findProject(deps, projectId), note),
    remove: (projectId, note = noNote) => removeProject(deps, projectId, note),
    endRemovals: (stopping) => endRemovals(deps, stopping),
    inputs: (projectId, branch) => readProjectInputs(deps, projectId, branch),
    runNow: (projectId, wanted, note = noNote) => runNow(deps, projectId, wanted, note),
  };
}

async function addProject(
  deps: ProjectDeps,
  request: Parameters<Projects['add']>[0],
  note: Note,
): Promise<{ projectId: string }> {
  const parsed = parseCloneUrl(request.cloneUrl);
  const path = request.path ?? parsed.fullName.toLowerCase();
  if (!PROJECT_PATH.test(path))
    throw new Problem('request_wrong', {
      field: 'path',
      cause: `${path.slice(0, 200)} is not like shop/web`,
    });
  const token = request.token ?? parsed.token;
  const hostRepository = parsed.fullName.toLowerCase();
  const installation = await findInstallation(deps, parsed.url, hostRepository);
  const remote = remoteWith(parsed.url, token ?? (await appToken(deps, hostRepository, installation)));
  const { defaultBranch, branches } = await deps.readRemote(remote);
  const now = deps.clock.nowMs();
  const projectId = newId('prj', now);
  await deps.store.transaction(async (tx) => {
    const known = await tx.db.selectFrom('project').where('path', '=', path).select('id').executeTakeFirst();
    if (known !== undefined) throw new Problem('exists_already', { what: 'project', id: path });
    await tx.db
      .insertInto('project')
      .values({
        id: projectId,
        path,
        clone_url: parsed.url,
        host_repository: hostRepository,
        default_branch: defaultBranch,
        clone_token: token === null ? null : deps.secrets.sealCloneToken(projectId, token),
        installation_id: installation,
        // The first push should not wait for the whole history, and schedules not for the first push.
        schedules_try_at: branches.has(defaultBranch) ? now : null,
        created_at: now,
      })
      .execute();
    tx.changed('project', projectId);
    await note(tx, { id: projectId, name: path });
  });
  return { projectId };
}

async function appToken(
  { gitHost }: ProjectDeps,
  hostRepository: string,
  installation: string | null,
): Promise<string | null> {
  return installation === null ? null : demand(await gitHost.cloneToken(hostRepository, installation));
}

async function changeProject(
  deps: ProjectDeps,
  projectId: string,
  { defaultBranch, token, sharing }: Parameters<Projects['change']>[1],
  note: Note,
): Promise<void> {
  const project = await findProject(deps, projectId);
  if (token !== undefined) await deps.readRemote(remoteWith(project.clone_url, token));
  const sealed = typeof token === 'string' ? deps.secrets.sealCloneToken(projectId, token) : token;
  await deps.store.transaction(async (tx) => {
    const shared =
      sharing === undefined ? {} : { shared_with_json: await sharedAfter(tx, projectId, sharing) };
    await tx.db
      .updateTable('project')
      .set((eb) => ({
        ...(defaultBranch === undefined
          ? {}
          : { default_branch: defaultBranch, schedules_try_at: deps.clock.nowMs() }),
        ...(sealed === undefined ? {} : { clone_token: sealed }),
        ...shared,
        version: eb('version', '+', 1),
      }))
      .where('id', '=', projectId)
      .execute();
    tx.changed('project', projectId);
    await note(tx);
  });
}

async function sharedAfter({ db }: Tx, projectId: string, change: SharingChange): Promise<string> {
  const row = await db
    .selectFrom('project')
    .where('id', '=', projectId)
    .select('shared_with_json')
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  const patterns = changeSharing(sharedWith(row), change);
  if (patterns.length > MOST_SHARED)
    throw new Problem('request_wrong', {
      field: 'share',
      cause: `makes ${patterns.length} projects and folders; ${MOST_SHARED} are the most`,
    });
  return JSON.stringify(patterns);
}

function remoteWith(url: string, token: string | null): Remote {
  return { url, credentials: token === null ? null : { username: 'x-access-token', password: token } };
}
