import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { LeaseSecrets } from '../core/work.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHost } from '../ports/git-host.ts';
import { noNote, type Note, type Store } from '../store/store.ts';
import { checkLength } from './check-length.ts';
import { cloneContext, cloneCredentials, connectionOf, hostContext } from './host-access.ts';
import { readLogins, removeRegistryLogin, setRegistryLogin } from './registry-logins.ts';
import type { SecretBox } from './secret-box.ts';
import type { Secrets } from './secrets.ts';

interface Deps {
  readonly store: Store;
  readonly box: SecretBox;
  readonly clock: Clock;
  /** Makes tokens for clones, where the server has an App there. */
  readonly gitHost: Pick<GitHost, 'cloneToken'>;
}

/** Secrets in the database, each sealed for the very row it lies in. */
export function createSecrets(deps: Deps): Secrets {
  return {
    setProjectSecret: (projectId, name, value, note = noNote) =>
      setProjectSecret(deps, { projectId, name }, value, note),
    removeProjectSecret: (projectId, name, note = noNote) =>
      removeProjectSecret(deps, { projectId, name }, note),
    cloneCredentials: (projectId) => cloneCredentials(deps, projectId),
    sealCloneToken: (projectId, token) => {
      checkLength('clone token', token);
      return deps.box.seal(token, cloneContext(projectId));
    },
    sealHostToken: (projectId, token) => {
      checkLength('token', token);
      return deps.box.seal(token, hostContext(projectId));
    },
    connectionOf: (projectId) => connectionOf(deps, projectId),
    appConnectionOf: (projectId) => connectionOf(deps, projectId, 'app'),
    setRegistryLogin: (host, login, note = noNote) => setRegistryLogin(deps, host, login, note),
    removeRegistryLogin: (host, note = noNote) => removeRegistryLogin(deps, host, note),
    registryLogin: async (host) =>
      (await readLogins(deps, { push: [host], pull: [], baseImages: false }))[host] ?? null,
    forLease: (request) => forLease(deps, request),
  };
}

interface SecretName {
  readonly projectId: string;
  readonly name: string;
}

async function setProjectSecret(
  { store, box, clock }: Deps,
  { projectId, name }: SecretName,
  value: string,
  note: Note,
): Promise<void> {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/.test(name))
    throw new Problem('request_wrong', {
      field: 'name',
      cause: `${name.slice(0, 128)} is not a secret's name`,
    });
  checkLength(name, value);
  const now = clock.nowMs();
  const ciphertext = box.seal(value, secretContext(projectId, name));
  await store.transaction(async (tx) => {
    const project = await tx.db
      .selectFrom('project')
      .where('id', '=', projectId)
      .select('id')
      .executeTakeFirst();
    if (project === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
    await tx.db
      .insertInto('secret')
      .values({
        id: newId('sec', now),
        project_id: projectId,
        name,
        ciphertext,
        created_at: now,
        updated_at: now,
      })
      .onConflict((conflict) =>
        conflict.columns(['project_id', 'name']).doUpdateSet({ ciphertext, updated_at: now }),
      )
      .execute();
    tx.changed('project', projectId);
    await note(tx);
  });
}

async function removeProjectSecret(
  { store }: Deps,
  { projectId, name }: SecretName,
  note: Note,
): Promise<void> {
  await store.transaction(async (tx) => {
    const done = await tx.db
      .deleteFrom('secret')
      .where('project_id', '=', projectId)
      .where('name', '=', name)
      .executeTakeFirst();
    if (done.numDeletedRows === 0n) throw new Problem('not_found', { what: 'secret', id: name });
    tx.changed('project', projectId);
    await note(tx);
  });
}

async function forLease(
  deps: Deps,
  { projectId, names, logins }: Parameters<Secrets['forLease']>[0],
): Promise<LeaseSecrets> {
  const rows =
    names.length === 0
      ? []
      : await deps.store.db
          .selectFrom('secret')
          .where('project_id', '=', projectId)
          .where('name', 'in', names)
          .select(['name', 'ciphertext'])
          .execute();
  return {
    values: Object.fromEntries(
      rows.map(({ name, ciphertext }) => [name, deps.box.open(ciphertext, secretContext(projectId, name))]),
    ),
    registries: await readLogins(deps, logins),
  };
}

const secretContext = (projectId: string, name: string): string => `project/${projectId}/secret/${name}`;
