import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/core/audit.ts';
import { newId } from '../../src/core/id.ts';
import { insertAudit } from '../../src/store/insert-audit.ts';
import { bootstrap, MIGRATIONS } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { readAudit, type AuditFilter } from '../../src/store/read/audit.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { onEachDatabase } from './each-database.ts';

const NOW = 1_763_000_000_000;
const ENTRY: AuditEntry = {
  actor: { kind: 'admin', id: 'tok_1', name: 'ada', via: 'session' },
  action: 'secret.set',
  subject: { kind: 'secret', id: 'prj_1', name: 'shop/web/npm_token' },
  address: '192.0.2.7',
  requestId: 'r1',
  refused: null,
};
const STRANGER: AuditEntry = {
  actor: { kind: 'nobody', id: null, name: null, via: null },
  action: 'session.begin',
  subject: null,
  address: '2001:db8::1',
  requestId: 'r2',
  refused: 'token_wrong',
};

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
  it('keeps an entry as it was written, and finds it by what it says', async () => {
    const store = await opened(await target());
    await store.transaction((tx) => insertAudit(tx, ENTRY, { at: NOW }));
    await store.transaction((tx) => insertAudit(tx, STRANGER, { at: NOW + 1 }));
    const found = async (filter: AuditFilter) =>
      (await readAudit(store.db, filter, { before: null, limit: 10 })).items.map(
        ({ requestId }) => requestId,
      );
    const { items, next } = await readAudit(store.db, {}, { before: null, limit: 10 });
    expect(items).toEqual([
      { ...STRANGER, atMs: NOW + 1, id: expect.stringMatching(/^aud_/) as string },
      { ...ENTRY, atMs: NOW, id: expect.stringMatching(/^aud_/) as string },
    ]);
    expect(next).toBeNull();
    expect(await found({ action: 'secret.set' })).toEqual(['r1']);
    for (const actor of ['ada', 'tok_1']) expect(await found({ actor })).toEqual(['r1']);
    for (const subject of ['prj_1', 'shop/web', 'shop/web/npm_token'])
      expect(await found({ subject })).toEqual(['r1']);
    for (const subject of ['Shop', '%', 'web', 'shop_web']) expect(await found({ subject })).toEqual([]);
    expect(await found({ since: NOW, until: NOW + 1 })).toEqual(['r1']);
    expect(await found({ since: NOW + 1 })).toEqual(['r2']);
  });

  it("finds an actor's entries by id and by name along an index each, however long the log is", async () => {
    const store = await opened(await target());
    await store.transaction(async (tx) => {
      for (let n = 0; n < 2_000; n++) {
        const name = `ada-${n % 500}`;
        await insertAudit(tx, { ...ENTRY, actor: { ...ENTRY.actor, id: `tok_${name}`, name } }, { at: NOW });
      }
      if (store.dialect === 'postgres') await sql.raw('analyze audit').execute(tx.db);
    });
    const explain = sql.raw(store.dialect === 'sqlite' ? 'explain query plan' : 'explain');
    const asked = sql`${explain} select * from audit where actor_id = ${'eve'} or actor_name = ${'eve'} order by id desc limit 10`;
    const plan = JSON.stringify((await asked.execute(store.db)).rows);
    expect(plan).toContain('audit_actor_id');
    expect(plan).toMatch(/audit_actor(?!_id)/);
  });

  it('leaves an entry that is there as it is', async () => {
    const store = await opened(await target());
    const id = newId('aud', NOW);
    await store.transaction((tx) => insertAudit(tx, ENTRY, { at: NOW, id }));
    await store.transaction((tx) => insertAudit(tx, { ...ENTRY, refused: 'internal' }, { at: NOW, id }));
    const { items } = await readAudit(store.db, {}, { before: null, limit: 10 });
    expect(items).toEqual([{ ...ENTRY, atMs: NOW, id }]);
  });

  it('takes the place of the table that the first schema declared', async () => {
    const at = await target();
    const old = at.startsWith('postgres') ? openPostgres(at) : openSqlite(at);
    await bootstrap(old.writer);
    for (const statement of MIGRATIONS.slice(0, 6).flat()) await sql.raw(statement).execute(old.writer);
    await sql.raw('insert into schema_version (id, version) values (1, 6)').execute(old.writer);
    await Promise.all([old.writer.destroy(), old.reader.destroy()]);
    const store = await opened(at);
    await store.transaction((tx) => insertAudit(tx, ENTRY, { at: NOW }));
    expect((await readAudit(store.db, {}, { before: null, limit: 10 })).items).toHaveLength(1);
  });
});
