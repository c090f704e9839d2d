import { Problem } from '../core/problem.ts';
import type { GitHost, HostAccess, HostRepository } from '../ports/git-host.ts';
import type { Credentials } from '../ports/repositories.ts';
import type { Reading } from '../store/store.ts';
import type { SecretBox } from './secret-box.ts';

interface Deps {
  readonly store: Reading;
  readonly box: SecretBox;
  readonly gitHost: Pick<GitHost, 'cloneToken'>;
}

/** GitHub takes any user name beside a token; this is the one its documentation shows. */
const CLONE_USERNAME = 'x-access-token';

export const cloneContext = (projectId: string): string => `project/${projectId}/clone-token`;
export const hostContext = (projectId: string): string => `project/${projectId}/host-token`;

/**
 * What opens the project's repository: its own token, else one that the server's App makes for it now.
 * @throws Problem `not_found`, or why the App can make none.
 */
export async function cloneCredentials(
  { store, box, gitHost }: Deps,
  projectId: string,
): Promise<Credentials | null> {
  const project = await store.db
    .selectFrom('project')
    .where('id', '=', projectId)
    .select(['clone_token', 'clone_url', 'host_repository', 'installation_id'])
    .executeTakeFirst();
  if (project === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  const { clone_token, installation_id } = project;
  if (clone_token !== null)
    return { username: CLONE_USERNAME, password: box.open(clone_token, cloneContext(projectId)) };
  if (installation_id === null || !/^https?:/i.test(project.clone_url)) return null;
  const answer = await gitHost.cloneToken(project.host_repository, installation_id);
  if (answer.kind === 'ok') return { username: CLONE_USERNAME, password: answer.value };
  // A public repository is read without it.
  if (answer.problem.code === 'app_not_installed') return null;
  throw answer.problem;
}

/**
 * The project's repository with what opens its Git host's API; null where the project is not connected, or is gone.
 * @param first What is taken of a project that has both.
 */
export async function connectionOf(
  { store, box }: Omit<Deps, 'gitHost'>,
  projectId: string,
  first: HostAccess['kind'] = 'token',
): Promise<HostRepository | null> {
  const project = await store.db
    .selectFrom('project')
    .where('id', '=', projectId)
    .select(['host_repository', 'host_token', 'installation_id'])
    .executeTakeFirst();
  if (project === undefined) return null;
  const { host_repository: name, host_token, installation_id: installation } = project;
  if (host_token !== null && (first === 'token' || installation === null))
    return { name, access: { kind: 'token', token: box.open(host_token, hostContext(projectId)) } };
  return installation === null ? null : { name, access: { kind: 'app', installation } };
}
