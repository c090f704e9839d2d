import { newId } from '../core/id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../store/store.ts';
import type { AccessTokens } from './access-tokens.ts';
import { hashToken, newToken, type TokenKind } from './token.ts';

const SESSION_MS = 30 * 24 * 3_600_000;

/** Tokens in the database, as hashes; expired sessions go when a new one is made. */
export function createAccessTokens({ store, clock }: { store: Store; clock: Clock }): AccessTokens {
  const insert = async (
    kind: 'admin' | 'session',
    name: string,
    expiresAt: number | null,
  ): Promise<string> => {
    const token = newToken(kind satisfies TokenKind);
    const now = clock.nowMs();
    await store.transaction(async (tx) => {
      await tx.db.deleteFrom('access_token').where('expires_at', '<', now).execute();
      await tx.db
        .insertInto('access_token')
        .values({
          id: newId('tok', now),
          name,
          kind,
          token_hash: hashToken(token),
          created_at: now,
          expires_at: expiresAt,
        })
        .execute();
    });
    return token;
  };
  return {
    makeFirstAdminToken: async () => {
      const known = await store.db
        .selectFrom('access_token')
        .where('kind', '=', 'admin')
        .select('id')
        .executeTakeFirst();
      return known === undefined ? insert('admin', 'admin', null) : null;
    },
    find: async (token) => {
      const row = await store.db
        .selectFrom('access_token')
        .where('token_hash', '=', hashToken(token))
        .select(['id', 'kind', 'name', 'expires_at'])
        .executeTakeFirst();
      if (row === undefined || (row.expires_at !== null && row.expires_at <= clock.nowMs())) return null;
      return { id: row.id, kind: row.kind, name: row.name };
    },
    startSession: async (name) => {
      const expiresAtMs = clock.nowMs() + SESSION_MS;
      return { token: await insert('session', name, expiresAtMs), expiresAtMs };
    },
    endSession: async (token) => {
      await store.transaction((tx) =>
        tx.db
          .deleteFrom('access_token')
          .where('token_hash', '=', hashToken(token))
          .where('kind', '=', 'session')
          .execute(),
      );
    },
  };
}
