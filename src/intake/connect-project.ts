import { Problem } from '../core/problem.ts';
import type { HostAnswer } from '../ports/git-host.ts';
import { noNote, type Note } from '../store/store.ts';
import type { ProjectDeps } from './database-projects.ts';
import type { ProjectRow } from './project-row.ts';

/** See `Projects.connect`. */
export async function connectProject(
  deps: Pick<ProjectDeps, 'store' | 'gitHost' | 'secrets'>,
  project: ProjectRow,
  token: string | null,
  note: Note,
): Promise<void> {
  const { gitHost, secrets } = deps;
  const { id, host_repository: name } = project;
  if (!gitHost.serves(project.clone_url))
    throw new Problem('request_wrong', {
      field: 'project',
      cause: `its repository is not at ${gitHost.name}, which SLIPWAY_GITHUB_API names`,
    });
  if (token !== null) {
    demand(await gitHost.tryRepository({ name, access: { kind: 'token', token } }));
    return setConnection(deps, id, { host_token: secrets.sealHostToken(id, token) }, note);
  }
  if (!gitHost.hasApp)
    throw new Problem('request_wrong', {
      field: 'token',
      cause: 'is missing; this server has no GitHub App',
    });
  const installation = demand(await gitHost.findInstallation(name));
  if (installation === null) throw new Problem('app_not_installed', { repository: name });
  await setConnection(deps, id, { host_token: null, installation_id: installation }, note);
}

/** Nothing is told about the project from now on, until the App that is still installed sends a delivery. */
export async function disconnectProject(
  deps: Pick<ProjectDeps, 'store'>,
  { id }: ProjectRow,
  note: Note,
): Promise<void> {
  await setConnection(deps, id, { host_token: null, installation_id: null }, note);
}

/**
 * The App's installation that a repository has, for a project that is about to be added; null where there is none.
 * @throws Problem when the Git host does not say.
 */
export async function findInstallation(
  { gitHost }: Pick<ProjectDeps, 'gitHost'>,
  cloneUrl: string,
  name: string,
): Promise<string | null> {
  return gitHost.hasApp && gitHost.serves(cloneUrl) ? demand(await gitHost.findInstallation(name)) : null;
}

/** Remembers the installation that a delivery names; gives the project as it is then. */
export async function learnInstallation(
  deps: Pick<ProjectDeps, 'store' | 'gitHost'>,
  project: ProjectRow,
  installation: string | null,
): Promise<ProjectRow> {
  const { gitHost } = deps;
  if (installation === null || installation === project.installation_id) return project;
  if (!gitHost.hasApp || !gitHost.serves(project.clone_url)) return project;
  await setConnection(deps, project.id, { installation_id: installation }, noNote);
  return { ...project, installation_id: installation };
}

/** @throws Problem of an answer that is none. */
export function demand<T>(answer: HostAnswer<T>): T {
  if (answer.kind === 'ok') return answer.value;
  throw answer.problem;
}

async function setConnection(
  { store }: Pick<ProjectDeps, 'store'>,
  projectId: string,
  set: { readonly host_token?: string | null; readonly installation_id?: string | null },
  note: Note,
): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.db
      .updateTable('project')
      .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
      .where('id', '=', projectId)
      .execute();
    tx.changed('project', projectId);
    await note(tx);
  });
}
