import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import { chooseRepositories, orderTurns } from '../../../src/intake/choose-repositories.ts';
import { createIntake } from '../../../src/intake/database-intake.ts';
import type { Mirrors } from '../../../src/ports/repositories.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

describe('of the repositories that wait', () => {
  const of = (gitHost: string | null, ...names: readonly (string | null)[]) =>
    names.map((repository) => ({ repository, gitHost }));
  const choose = (...args: Parameters<typeof chooseRepositories>) =>
    chooseRepositories(...args).map(({ repository }) => repository);

  it('as many are taken as their Git host has places, in their order, and none that is worked on', () => {
    expect(choose([...of('a', 'a1', 'a2'), ...of('b', 'b1')], [])).toEqual(['a1', 'a2', 'b1']);
    expect(choose(of('a', 'a1', 'a2', 'a3', 'a4', 'a5'), [])).toEqual(['a1', 'a2', 'a3']);
    expect(choose(of('a', 'a1', 'a2', 'a3'), of('a', 'a1'))).toEqual(['a2', 'a3']);
    expect(choose(of('a', 'a1'), of('a', 'x', 'y', 'z'))).toEqual([]);
  });

  it('one waits for no other host, however many have all their places taken', () => {
    const mute = ['m', 'n', 'o', 'p', 'q'].flatMap((host) => of(host, `${host}1`, `${host}2`, `${host}3`));
    expect(choose([...of('m', 'm4'), ...of('a', 'a1')], mute)).toEqual(['a1']);
    expect(choose([...mute, ...of('a', 'a1')], [])).toHaveLength(16);
  });

  it('those from which nothing is fetched have places of their own', () => {
    expect(choose(of(null, 'u1', 'u2', null), of('a', 'x', 'y', 'z'))).toEqual(['u1', 'u2', null]);
    expect(choose(of(null, 'u1', 'u2', null), of(null, 'x'))).toEqual(['u1', 'u2']);
  });
});

describe('the turns of the repositories that wait', () => {
  const named = (...names: readonly string[]) => names.map((repository) => ({ repository, gitHost: null }));
  const ordered = (...[before, waiting, served]: readonly (readonly string[])[]) =>
    orderTurns(named(...(before ?? [])), named(...(waiting ?? [])), new Set(served)).map(
      ({ repository }) => repository,
    );

  it('are those of their oldest deliveries at first', () => {
    expect(ordered([], ['a', 'b'], [])).toEqual(['a', 'b']);
  });

  it('come round: who had one and waits on goes behind all others, however old its deliveries are', () => {
    expect(ordered(['busy', 'b', 'c'], ['busy', 'c', 'b', 'new'], ['busy'])).toEqual([
      'b',
      'c',
      'new',
      'busy',
    ]);
  });

  it('are not taken by who comes back with each push, with older deliveries than its own or with newer ones', () => {
    const backlog = ['backlog', 'quick'];
    for (const waiting of [backlog, backlog.toReversed()])
      expect(ordered(['quick', 'backlog'], waiting, ['quick'])).toEqual(['backlog', 'quick']);
    expect(ordered(['backlog'], ['quick', 'backlog'], [])).toEqual(['backlog', 'quick']);
  });
});

describe('a Git host whose fetches take long', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer({ intake: false });
  });
  afterEach(() => server.close());

  async function add(repository: string, gitHost: string, deliveries = 1): Promise<void> {
    const { store } = server.deps;
    const project = { path: repository, host_repository: repository, default_branch: 'main', created_at: 0 };
    const clone_url = `https://${gitHost}/${repository}.git`;
    await store.transaction((tx) =>
      tx.db
        .insertInto('project')
        .values({ ...project, id: newId('prj'), clone_url, clone_token: null })
        .execute(),
    );
    const payload = pushPayload({ repository, commit: 'c'.repeat(40) });
    for (let number = 0; number < deliveries; number++)
      expect((await server.deliver('push', payload)).status).toBe(202);
  }

  const intakeThatReads = (read: Mirrors['read']) => {
    const { store, builds, secrets, clock, log } = server.deps;
    return createIntake({
      ...{ store, builds, secrets, clock, log },
      mirrors: { ...neverAsked, read },
      readRemote: () => Promise.reject(new Error('not asked for')),
      gitHost: connectGithub({ api: 'http://127.0.0.1:9', app: null, clock }),
      settings: { publicUrl: 'http://slipway.test', version: '0', oneAtATimeMs: 50 },
    });
  };
  const info = { message: '[skip ci]', author: { name: 'Ada', email: 'a@b.c' }, committedAtMs: null };
  const outcomesOf = (repository: string) =>
    server.deps.store.db
      .selectFrom('delivery')
      .where('repository', '=', repository)
      .select('outcome')
      .execute();

  it('leaves a place for the repositories of others', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) await add(`slow/${name}`, 'slow.test');
    await add('team/quick', 'quick.test');
    const asked: string[] = [];
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    const read: Mirrors['read'] = async ({ remote }) => {
      const { hostname } = new URL(remote.url);
      asked.push(hostname);
      return hostname === 'slow.test' ? over.promise : { info, files: [null, null], changes: null };
    };
    const intake = intakeThatReads(read);
    intake.start();
    try {
      await expect
        .poll(() => asked.toSorted())
        .toEqual(['quick.test', 'slow.test', 'slow.test', 'slow.test']);
      await expect.poll(() => outcomesOf('team/quick')).toEqual([{ outcome: 'ignored' }]);
    } finally {
      const stopped = intake.stop();
      over.reject(new Error('the test is over'));
      await stopped;
    }
    expect(asked).toHaveLength(4);
  });

  it('keeps none of another waiting, however many there are, also after a restart', async () => {
    for (const host of ['a', 'b', 'c', 'd', 'e', 'f'])
      for (const name of ['one', 'two', 'three', 'four']) await add(`${host}/${name}`, `${host}.test`);
    for (const start of ['first', 'second']) {
      const asked: string[] = [];
      const over = Promise.withResolvers<never>();
      over.promise.catch(() => undefined);
      const intake = intakeThatReads(async ({ remote }) => {
        const { hostname } = new URL(remote.url);
        asked.push(hostname);
        return hostname === 'quick.test' ? { info, files: [null, null], changes: null } : over.promise;
      });
      intake.start();
      try {
        await expect.poll(() => asked.length).toBe(18);
        await add(`team/${start}`, 'quick.test');
        await expect.poll(() => outcomesOf(`team/${start}`)).toEqual([{ outcome: 'ignored' }]);
      } finally {
        const stopped = intake.stop();
        over.reject(new Error('the server ends'));
        await stopped;
      }
    }
  });

  it('keeps none of another waiting that the server was killed beside it, twice', async () => {
    await add('mute/one', 'mute.test');
    await add('team/one', 'quick.test');
    await server.deps.store.transaction((tx) =>
      tx.db.updateTable('delivery').set({ plan_attempts: 1 }).execute(),
    );
    await sleep(2); // what came in the same millisecond came to this life of the server
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    const intake = intakeThatReads(({ remote }) =>
      new URL(remote.url).hostname === 'quick.test'
        ? Promise.resolve({ info, files: [null, null], changes: null })
        : over.promise,
    );
    intake.start();
    try {
      await expect.poll(() => outcomesOf('team/one')).toEqual([{ outcome: 'ignored' }]);
    } finally {
      const stopped = intake.stop();
      over.reject(new Error('the server ends'));
      await stopped;
    }
  });

  it.each([0, 15_000])(
    'takes a push of another project in, its id %i ms ahead of the clock, while others have many more',
    async (aheadMs) => {
      for (const name of ['a', 'b', 'c', 'd']) await add(`busy/${name}`, 'git.test', 20);
      await add('team/quick', 'git.test');
      await server.deps.store.transaction((tx) =>
        tx.db
          .updateTable('delivery')
          .set({ id: newId('dlv', Date.now() + aheadMs) })
          .where('repository', '=', 'team/quick')
          .execute(),
      );
      const asked: string[] = [];
      const intake = intakeThatReads(async ({ remote }) => {
        asked.push(new URL(remote.url).pathname);
        await sleep(200);
        return { info, files: [null, null], changes: null };
      });
      intake.start();
      try {
        await expect.poll(() => asked).toContain('/team/quick.git');
        // Three places, and two turns of a second each: where reading takes longer, fewer are read before.
        expect(asked.indexOf('/team/quick.git')).toBeLessThan(40);
      } finally {
        await intake.stop();
      }
    },
  );
});

const no = () => Promise.reject(new Error('not asked for'));
const neverAsked: Mirrors = {
  ...{ read: no, readIncluded: no, bundle: no, tidy: no, remove: no, lastUse: no, removeUnused: no },
  settled: async () => undefined,
};
