import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { Problem } from '../../src/core/problem.ts';
import { newId } from '../../src/core/id.ts';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { recordEvent } from '../../src/builds/record-event.ts';
import { steadyClock } from '../../src/ports/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store, Tx } from '../../src/store/store.ts';
import { onEachDatabase } from './each-database.ts';

const open: Store[] = [];
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function opened(target: string): Promise<Store> {
  const store = await openStore(target);
  open.push(store);
  return store;
}

function insertProject(tx: Tx, path: string) {
  return tx.db
    .insertInto('project')
    .values({
      id: newId('prj'),
      path,
      clone_url: 'https://example.com/a.git',
      host_repository: path,
      default_branch: 'main',
      clone_token: null,
      created_at: 1_763_000_000_000,
    })
    .execute();
}

const paths = async (store: Store) =>
  (await store.db.selectFrom('project').select('path').orderBy('path').execute()).map((row) => row.path);

const codeOf = (error: unknown) => (error instanceof Problem ? error.code : error);

onEachDatabase((target) => {
  it('gives a committed row back with numbers as numbers, also after it was opened again', async () => {
    const where = await target();
    const store = await openStore(where);
    await store.transaction((tx) => insertProject(tx, 'shop/web'));
    await store.close();
    const again = await opened(where);
    const row = await again.db.selectFrom('project').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ path: 'shop/web', created_at: 1_763_000_000_000, version: 1 });
    const { count } = await again.db
      .selectFrom('project')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1);
  });

  it('begins no earlier than its record ends, where the machine was set back meanwhile, by up to a day', async () => {
    const where = await target();
    const store = await openStore(where);
    const at = 1_763_000_000_000;
    const event = { at, subject: 'build', subjectId: 'bld', buildId: null, type: 'build.running' };
    const [id, old] = ['router:local:1', { ...event, at: 1, type: 'router.live_up' }];
    await store.transaction(async (tx) => {
      await recordEvent(tx, old);
      await tx.db.updateTable('event').set({ id }).where('at', '=', 1).execute();
      await recordEvent(tx, event);
    });
    await store.close();
    for (const [setBackMs, first] of [
      [3_600_000, at + 1],
      [48 * 3_600_000, at - 48 * 3_600_000],
    ] as const) {
      const clock = steadyClock(
        () => at - setBackMs,
        () => 0,
      );
      await (await openStore(where, { clock })).close();
      expect(clock.nowMs()).toBe(first);
    }
  });

  it('refuses writes outside a transaction of the store', async () => {
    const store = await opened(await target());
    await expect(insertProject({ db: store.db } as unknown as Tx, 'shop/web')).rejects.toThrow(/read-?only/);
  });

  it('runs transactions one after the other, so that reading and then writing loses nothing', async () => {
    const store = await opened(await target());
    await store.transaction((tx) => insertProject(tx, 'shop/web'));
    const increment = (tx: Tx) =>
      tx.db
        .selectFrom('project')
        .select('next_build_number')
        .executeTakeFirstOrThrow()
        .then((row) =>
          tx.db
            .updateTable('project')
            .set({ next_build_number: row.next_build_number + 1 })
            .execute(),
        );
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        index % 2 ? store.grouped(increment) : store.transaction(increment),
      ),
    );
    const row = await store.db.selectFrom('project').select('next_build_number').executeTakeFirstOrThrow();
    expect(row.next_build_number).toBe(41);
  });

  it('keeps the others of a group when one of them fails', async () => {
    const store = await opened(await target());
    const results = await Promise.allSettled(
      ['a', 'b', 'a', 'c'].map((path) => store.grouped((tx) => insertProject(tx, path))),
    );
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await paths(store)).toEqual(['a', 'b', 'c']);
  });

  it('tells changes once, after the commit, and none of a transaction that was rolled back', async () => {
    const store = await opened(await target());
    const seen: string[] = [];
    store.onChange(({ kind, id }) => seen.push(`${kind} ${id}`));
    await store.transaction(async (tx) => {
      tx.changed('build', '1');
      tx.changed('build', '1');
      tx.changed('lease', '2');
      await insertProject(tx, 'a');
      expect(seen).toEqual([]);
    });
    const failed = store.transaction(async (tx) => {
      tx.changed('build', '3');
      await insertProject(tx, 'a');
    });
    await expect(failed).rejects.toThrow();
    expect(seen).toEqual(['build 1', 'lease 2']);
  });

  it('refuses a second server while the first lives', async () => {
    const where = await target();
    await opened(where);
    const second = await openStore(where).then(() => null, codeOf);
    expect(second).toBe('server_running');
  });

  it('refuses a second server also when the schema took longer than a lease to be brought up to date', async () => {
    const where = await target();
    const startMs = Date.now();
    let asked = 0;
    // The lock is taken with the first two; then come the migrations.
    const clock = { nowMs: () => startMs + ((asked += 1) > 2 ? 60_000 : 0) };
    open.push(await openStore(where, { clock }));
    expect(await openStore(where, { clock }).then(() => null, codeOf)).toBe('server_running');
  });

  it('follows a killed local server at once', async () => {
    const where = await target();
    const child = spawn(process.execPath, [new URL('hold-lock.ts', import.meta.url).pathname, where], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    const startedAt = Date.now();
    await opened(where);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it('lets no write of a frozen server through once another has taken over', async () => {
    const where = await target();
    const child = spawn(process.execPath, [new URL('hold-lock.ts', import.meta.url).pathname, where], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    try {
      await expect
        .poll(() => openStore(where).then((store) => open.push(store), codeOf), {
          timeout: 15_000,
          interval: 500,
        })
        .toBe(1);
      const [store] = open;
      child.kill('SIGCONT');
      child.stdin.write('write\n');
      const [answer] = (await once(child.stdout, 'data')) as [Buffer];
      expect(answer.toString().trim()).toBe('lock_lost');
      expect(store && (await paths(store))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('refuses the database of a newer program, naming both versions', async () => {
    const where = await target();
    const store = await openStore(where);
    await store.transaction(async (tx) => {
      await tx.db
        .withTables<{ schema_version: { version: number } }>()
        .updateTable('schema_version')
        .set({ version: 99 })
        .execute();
    });
    await store.close();
    const error: unknown = await openStore(where).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: 'schema_newer', details: { version: 99, known: MIGRATIONS.length } });
  });
});
