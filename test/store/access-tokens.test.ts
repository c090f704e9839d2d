import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { createAccessTokens } from '../../src/secrets/database-tokens.ts';
import { hashToken } from '../../src/secrets/token.ts';
import { bootstrap, MIGRATIONS } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { onEachDatabase } from './each-database.ts';

const NOW = 1_763_000_000_000;
const clock = { nowMs: () => NOW };

const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
async function opened(target: string): Promise<Store> {
  const store = await openStore(target);
  stores.push(store);
  return store;
}

onEachDatabase((target) => {
  it('lists admin tokens with their sessions, and ends both together', async () => {
    const store = await opened(await target());
    const tokens = createAccessTokens({ store, clock });
    const [one, other] = [await tokens.make('one', null), await tokens.make('other', NOW + 5)];
    const session = await tokens.startSession(other.id);
    await tokens.startSession(other.id);
    expect(await tokens.list()).toEqual([
      { id: one.id, name: 'one', createdAtMs: NOW, lastUsedAtMs: null, expiresAtMs: null, sessions: 0 },
      {
        id: other.id,
        name: 'other',
        createdAtMs: NOW,
        lastUsedAtMs: null,
        expiresAtMs: NOW + 5,
        sessions: 2,
      },
    ]);
    await expect(tokens.revoke('one').then(() => tokens.revoke('other'))).rejects.toMatchObject({
      code: 'last_token',
    });
    await tokens.make('third', null);
    await tokens.revoke(other.id);
    expect(await tokens.find(session.token)).toBeNull();
    expect((await tokens.list()).map(({ name }) => name)).toEqual(['third']);
  });

  it('counts a session from before tokens had names to the one admin token of then', async () => {
    const at = await target();
    const old = at.startsWith('postgres') ? openPostgres(at) : openSqlite(at);
    await bootstrap(old.writer);
    for (const statement of MIGRATIONS.slice(0, 3).flat()) await sql.raw(statement).execute(old.writer);
    await sql.raw('insert into schema_version (id, version) values (1, 3)').execute(old.writer);
    for (const [id, kind, end] of [
      ['tok_1', 'admin', 'null'],
      ['tok_2', 'session', NOW + 5],
    ])
      await sql
        .raw(
          `insert into access_token (id, name, kind, token_hash, created_at, expires_at)
           values ('${id}', 'admin', '${kind}', '${hashToken(String(id))}', 0, ${end})`,
        )
        .execute(old.writer);
    await Promise.all([old.writer.destroy(), old.reader.destroy()]);

    const tokens = createAccessTokens({ store: await opened(at), clock });
    expect(await tokens.find('tok_2')).toMatchObject({ id: 'tok_2', kind: 'session', adminId: 'tok_1' });
    expect(await tokens.list()).toMatchObject([{ id: 'tok_1', name: 'admin', sessions: 1 }]);
  });
});
