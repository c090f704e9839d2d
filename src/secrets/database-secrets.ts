import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { LeaseSecrets } from '../core/work.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../store/store.ts';
import type { SecretBox } from './secret-box.ts';
import type { Secrets } from './secrets.ts';

const LEAST_BYTES = 4;
const MOST_BYTES = 65_536;
/** GitHub takes any user name beside a token; this is the one its documentation shows. */
const CLONE_USERNAME = 'x-access-token';

interface Deps {
  readonly store: Store;
  readonly box: SecretBox;
  readonly clock: Clock;
}

/** Secrets in the database, each sealed for the very row it lies in. */
export function createSecrets(deps: Deps): Secrets {
  const { store, box, clock } = deps;
  return {
    setProjectSecret: (projectId, name, value) => setProjectSecret(deps, projectId, name, value),
    removeProjectSecret: (projectId, name) => removeProjectSecret(deps, projectId, name),
    cloneCredentials: (projectId) => cloneCredentials(deps, projectId),
    sealCloneToken: (projectId, token) => {
      checkLength('clone token', token);
      return box.seal(token, cloneContext(projectId));
    },
    setRegistryLogin: async (host, { username, password }) => {
      if (!/^[a-z0-9.-]+(:\d{1,5})?$/i.test(host))
        throw new Problem('request_wrong', { field: 'host', cause: 'is not host or host:port' });
      checkLength(`login of ${host}`, password);
      const row = { username, ciphertext: box.seal(password, loginContext(host)), updated_at: clock.nowMs() };
      await store.transaction((tx) =>
        tx.db
          .insertInto('registry_login')
          .values({ host, ...row })
          .onConflict((conflict) => conflict.column('host').doUpdateSet(row))
          .execute(),
      );
    },
    removeRegistryLogin: async (host) => {
      const done = await store.transaction((tx) =>
        tx.db.deleteFrom('registry_login').where('host', '=', host).executeTakeFirst(),
      );
      if (done.numDeletedRows === 0n) throw new Problem('not_found', { what: 'registry login', id: host });
    },
    registryLogin: async (host) => (await registryLogins(deps, host))[host] ?? null,
    forLease: ({ projectId, names, clone }) => forLease(deps, projectId, names, clone),
  };
}

async function setProjectSecret(
  { store, box, clock }: Deps,
  projectId: string,
  name: string,
  value: string,
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
  });
}

async function removeProjectSecret({ store }: Deps, projectId: string, name: string): Promise<void> {
  await store.transaction(async (tx) => {
    const done = await tx.db
      .deleteFrom('secret')
      .where('project_id', '=', projectId)
      .where('name', '=', name)
      .executeTakeFirst();
    if (done.numDeletedRows === 0n) throw new Problem('not_found', { what: 'secret', id: name });
    tx.changed('project', projectId);
  });
}

async function cloneCredentials(
  { store, box }: Deps,
  projectId: string,
): Promise<{ username: string; password: string } | null> {
  const project = await store.db
    .selectFrom('project')
    .where('id', '=', projectId)
    .select('clone_token')
    .executeTakeFirst();
  if (project === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  if (project.clone_token === null) return null;
  return { username: CLONE_USERNAME, password: box.open(project.clone_token, cloneContext(projectId)) };
}

async function forLease(
  deps: Deps,
  projectId: string,
  names: readonly string[],
  clone: boolean,
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
    clone: clone ? await cloneCredentials(deps, projectId) : null,
    registries: await registryLogins(deps, null),
  };
}

async function registryLogins(
  { store, box }: Deps,
  host: string | null,
): Promise<Record<string, { username: string; password: string }>> {
  let query = store.db.selectFrom('registry_login').select(['host', 'username', 'ciphertext']);
  if (host !== null) query = query.where('host', '=', host);
  const rows = await query.execute();
  return Object.fromEntries(
    rows.map((row) => [
      row.host,
      { username: row.username, password: box.open(row.ciphertext, loginContext(row.host)) },
    ]),
  );
}

function checkLength(name: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes < LEAST_BYTES) throw new Problem('secret_too_short', { name });
  if (bytes > MOST_BYTES)
    throw new Problem('request_wrong', { field: name, cause: `is longer than ${MOST_BYTES} bytes` });
}

const secretContext = (projectId: string, name: string): string => `project/${projectId}/secret/${name}`;
const cloneContext = (projectId: string): string => `project/${projectId}/clone-token`;
const loginContext = (host: string): string => `registry/${host}`;
