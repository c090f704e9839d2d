import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../ports/clock.ts';
import { noNote, type Note, type Store, type Tx } from '../store/store.ts';
import type { AccessToken, AccessTokens, FoundToken } from './access-tokens.ts';
import { hashToken, newToken } from './token.ts';

const SESSION_MS = 30 * 24 * 3_600_000;
/** How exactly the last use is kept. */
const USE_MS = 60_000;

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

/** Tokens in the database, as hashes. Each end is told to the listeners of the store, as a change of kind `token`. */
export function createAccessTokens(deps: Deps): AccessTokens {
  const { store, clock } = deps;
  const noteUse = useNoter(deps);
  return {
    makeFirstAdminToken: (note = noNote) => store.transaction((tx) => makeFirst(tx, clock.nowMs(), note)),
    make: (name, expiresAtMs, note = noNote) =>
      store.transaction((tx) => make(tx, { name, expiresAtMs }, clock.nowMs(), note)),
    list: () => list(deps),
    revoke: (idOrName, note = noNote) => store.transaction((tx) => revoke(tx, idOrName, clock.nowMs(), note)),
    find: async (token) => {
      const found = await find(deps, 'token_hash', hashToken(token));
      if (found !== null) noteUse(found.adminId);
      return found;
    },
    holds: async (id) => (await find(deps, 'id', id)) !== null,
    startSession: (adminId, note = noNote) =>
      store.transaction((tx) => startSession(tx, adminId, clock.nowMs(), note)),
    endSession: (token, note = noNote) =>
      store.transaction(async (tx) => {
        const ended = await tx.db
          .deleteFrom('access_token')
          .where('token_hash', '=', hashToken(token))
          .where('kind', '=', 'session')
          .returning('id')
          .execute();
        for (const { id } of ended) tx.changed('token', id);
        if (ended.length > 0) await note(tx);
      }),
  };
}

async function makeFirst(tx: Tx, now: number, note: Note): Promise<string | null> {
  if ((await liveNames(tx, now)).length > 0) return null;
  await tx.db.deleteFrom('access_token').where('kind', '=', 'admin').where('name', '=', 'admin').execute();
  return (await make(tx, { name: 'admin', expiresAtMs: null }, now, note)).token;
}

async function make(
  tx: Tx,
  { name, expiresAtMs }: { name: string; expiresAtMs: number | null },
  now: number,
  note: Note,
) {
  const known = await tx.db
    .selectFrom('access_token')
    .where('kind', '=', 'admin')
    .where('name', '=', name)
    .select('id')
    .executeTakeFirst();
  if (known !== undefined) throw new Problem('exists_already', { what: 'token', id: name });
  const row = { name, kind: 'admin', admin_id: null, created_at: now, expires_at: expiresAtMs } as const;
  const made = await insert(tx, row);
  await note(tx, { id: made.id, name });
  return made;
}

async function insert(
  tx: Tx,
  row: {
    name: string;
    kind: 'admin' | 'session';
    admin_id: string | null;
    created_at: number;
    expires_at: number | null;
  },
) {
  const token = newToken(row.kind);
  const id = newId('tok', row.created_at);
  await tx.db
    .insertInto('access_token')
    .values({ ...row, id, token_hash: hashToken(token), last_used_at: null })
    .execute();
  return { id, token };
}

async function startSession(tx: Tx, adminId: string, now: number, note: Note) {
  const admin = await tx.db
    .selectFrom('access_token')
    .where('id', '=', adminId)
    .where('kind', '=', 'admin')
    .select(['name', 'expires_at'])
    .executeTakeFirst();
  if (admin === undefined) throw new Problem('sign_in_needed');
  const expiresAtMs = Math.min(now + SESSION_MS, admin.expires_at ?? Infinity);
  await tx.db
    .deleteFrom('access_token')
    .where('kind', '=', 'session')
    .where('expires_at', '<=', now)
    .execute();
  const { token } = await insert(tx, {
    name: admin.name,
    kind: 'session',
    admin_id: adminId,
    created_at: now,
    expires_at: expiresAtMs,
  });
  await note(tx);
  return { token, expiresAtMs };
}

async function revoke(tx: Tx, idOrName: string, now: number, note: Note): Promise<void> {
  const row = await tx.db
    .selectFrom('access_token')
    .where('kind', '=', 'admin')
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .select(['id', 'name'])
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'token', id: idOrName });
  const live = await liveNames(tx, now);
  if (live.length === 1 && live[0] === row.name) throw new Problem('last_token', { name: row.name });
  const ended = await tx.db
    .deleteFrom('access_token')
    .where((eb) => eb.or([eb('id', '=', row.id), eb('admin_id', '=', row.id)]))
    .returning('id')
    .execute();
  for (const { id } of ended) tx.changed('token', id);
  await note(tx, row);
}

/** Admin tokens that let somebody in. */
async function liveNames(tx: Tx, now: number): Promise<readonly string[]> {
  const rows = await tx.db
    .selectFrom('access_token')
    .where('kind', '=', 'admin')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .select('name')
    .execute();
  return rows.map(({ name }) => name);
}

async function find(
  { store, clock }: Deps,
  column: 'id' | 'token_hash',
  value: string,
): Promise<FoundToken | null> {
  const row = await store.db
    .selectFrom('access_token')
    .where(column, '=', value)
    .select(['id', 'kind', 'admin_id', 'name', 'expires_at'])
    .executeTakeFirst();
  if (row === undefined || (row.expires_at !== null && row.expires_at <= clock.nowMs())) return null;
  const { id, kind, name } = row;
  return { id, kind, name, adminId: row.admin_id ?? id, expiresAtMs: row.expires_at };
}

async function list({ store, clock }: Deps): Promise<readonly AccessToken[]> {
  return store.db
    .selectFrom('access_token as admin')
    .leftJoin('access_token as session', (join) =>
      join.onRef('session.admin_id', '=', 'admin.id').on('session.expires_at', '>', clock.nowMs()),
    )
    .where('admin.kind', '=', 'admin')
    .groupBy('admin.id')
    .orderBy('admin.name')
    .select((eb) => [
      'admin.id',
      'admin.name',
      'admin.created_at as createdAtMs',
      'admin.last_used_at as lastUsedAtMs',
      'admin.expires_at as expiresAtMs',
      eb.fn.count<number>('session.id').as('sessions'),
    ])
    .execute();
}

/** Keeps when admin tokens were used: one write a minute for each, which no request waits for. */
function useNoter({ store, clock }: Deps): (adminId: string) => void {
  const notedAt = new Map<string, number>();
  return (adminId) => {
    const now = clock.nowMs();
    if (now - (notedAt.get(adminId) ?? -Infinity) < USE_MS) return;
    notedAt.set(adminId, now);
    store
      .transaction((tx) =>
        tx.db.updateTable('access_token').set({ last_used_at: now }).where('id', '=', adminId).execute(),
      )
      .catch(() => notedAt.delete(adminId)); // a hint for people: the next use tries again
  };
}
