import { expect, it } from 'vitest';
import { checkDatabase } from '../../src/doctor/database.ts';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { onEachDatabase } from './each-database.ts';

onEachDatabase((target) => {
  it('is looked at before and after its first start, and beside a server that has it open', async () => {
    const where = await target();
    const look = () =>
      checkDatabase({
        dataDir: '/nowhere',
        routerDir: '/nowhere',
        database: /^postgres/.test(where)
          ? { kind: 'postgres', url: where }
          : { kind: 'sqlite', file: where },
      }).run(AbortSignal.timeout(10_000));
    expect(await look()).toMatchObject({ verdict: 'warn' });
    const store = await openStore(where);
    const known = { verdict: 'ok', says: `${where}, schema ${MIGRATIONS.length}`, fix: null };
    expect(await look()).toEqual(known);
    await store.close();
    expect(await look()).toEqual(known);
  });
});
