import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { readEvent } from '../../../src/core/event.ts';
import { timeOrder } from '../../../src/core/id.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { deletionPayload, pullRequestPayload, pushPayload } from '../../support/github-payloads.ts';
import { waitFor } from '../../support/wait.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';
import type { LintProblemView } from '../../../src/core/views/lint-view.ts';
import type { ProjectView } from '../../../src/core/views/project-view.ts';

const STEPS = 'steps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';

let host: GitHost;
let repository: HostedRepository;
let server: TestServer;
beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  repository.commit({ 'slipway.yml': STEPS });
  server = await startTestServer();
  await server.deps.projects.add({ cloneUrl: repository.cloneUrl, path: null, token: null });
});
afterEach(async () => {
  await server.close();
  await host.close();
});

const db = () => server.deps.store.db;
const builds = () =>
  db()
    .selectFrom('build')
    .leftJoin('workflow', 'workflow.build_id', 'build.id')
    .orderBy('number')
    .selectAll('build')
    .select('plan_json')
    .execute();
const delivery = (hostId: string) =>
  db().selectFrom('delivery').where('host_delivery_id', '=', hostId).selectAll().executeTakeFirstOrThrow();
const idle = () => server.deps.intake.idle();
const push = async (
  commit: string,
  id: string,
  options: { branch?: string; before?: string; tag?: string } = {},
) => {
  const answer = await server.deliver('push', pushPayload({ repository: 'Shop/Web', commit, ...options }), {
    id,
  });
  expect(answer.status).toBe(202);
};
const pull = (commit: string, id: string, options: { branch: string; number?: number; action?: string }) =>
  server.deliver('pull_request', pullRequestPayload({ repository: 'shop/web', commit, ...options }), { id });
const buildsOf = async (id: string) => {
  const links = await db()
    .selectFrom('delivery_build')
    .innerJoin('delivery', 'delivery.id', 'delivery_build.delivery_id')
    .innerJoin('build', 'build.id', 'delivery_build.build_id')
    .where('delivery.host_delivery_id', '=', id)
    .orderBy('build.number')
    .select('build.number')
    .execute();
  return links.map((link) => link.number);
};

describe('a plan that cannot be recorded', () => {
  it.each(['disk_full', 'database_away'] as const)('for %s is recorded once it can be', async (code) => {
    const { builds: builder } = server.deps;
    const planBuild = builder.planBuild.bind(builder);
    // Oftener than a plan may take the server down.
    let failures = 4;
    Object.assign(builder, {
      planBuild: async (...told: Parameters<typeof planBuild>) => {
        if (failures-- > 0) throw new Problem(code, { path: '/data', seconds: 5 });
        return planBuild(...told);
      },
    });
    await push(repository.commit({ 'slipway.yml': STEPS, a: '1' }), 'd1');
    await waitFor('it has its plan', async () => (await builds())[0]?.planned === 1);
    expect(failures).toBe(-1);
    expect(await builds()).toMatchObject([{ status: 'pending', reason: null, plan_attempts: 1 }]);
  });

  it('is none because the record does not answer: the build does not end of that', async () => {
    const { store } = server.deps;
    let failures = 2;
    const selectFrom = store.db.selectFrom.bind(store.db);
    Object.assign(store.db, {
      selectFrom: (table: Parameters<typeof selectFrom>[0]) => {
        if (table === 'build' && new Error().stack?.includes('readBuild') && failures-- > 0)
          throw new Problem('database_away', { seconds: 5 });
        return selectFrom(table);
      },
    });
    await push(repository.commit({ 'slipway.yml': STEPS, a: '1' }), 'd1');
    await waitFor('it has its plan', async () => (await builds())[0]?.planned === 1);
    expect(failures).toBeLessThan(0);
    expect(await builds()).toMatchObject([{ status: 'pending', reason: null }]);
  });
});

describe('a transaction whose commit was not answered', () => {
  /** Commits, and then tells that nobody answers, from the moment that a build is in the record. */
  function loseAnswer(method: 'grouped' | 'transaction', isTo: () => Promise<boolean>): { lost: number } {
    const { store } = server.deps;
    const told = { lost: 0 };
    const before = store[method];
    const losing: typeof before = async (work) => {
      const result = await before(work);
      if (told.lost === 0 && (await isTo())) {
        told.lost += 1;
        throw new Problem('database_away', { seconds: 5 });
      }
      return result;
    };
    Object.assign(store, { [method]: losing });
    return told;
  }
  const hasBuild = async (): Promise<boolean> => (await builds()).length > 0;

  it('of a push leads to one build, which gets its plan', async () => {
    const told = loseAnswer('grouped', hasBuild);
    await push(repository.commit({ 'slipway.yml': STEPS, a: '1' }), 'd1');
    await waitFor('it has its plan', async () => (await builds())[0]?.planned === 1);
    expect(told.lost).toBe(1);
    expect(await builds()).toHaveLength(1);
    expect(await delivery('d1')).toMatchObject({ outcome: 'built' });
  });

  it('of a push leads to one build also where the record is away for longer', async () => {
    const told = loseAnswer('grouped', hasBuild);
    const { store } = server.deps;
    const { transaction } = store;
    let refused = 0;
    const refusing: typeof transaction = (work) =>
      told.lost > 0 && refused++ < 1
        ? Promise.reject(new Problem('database_away', { seconds: 5 }))
        : transaction(work);
    Object.assign(store, { transaction: refusing });
    await push(repository.commit({ 'slipway.yml': STEPS, a: '1' }), 'd1');
    await waitFor('it has its plan', async () => (await builds())[0]?.planned === 1);
    expect(told.lost).toBe(1);
    expect(await builds()).toHaveLength(1);
  });

  it('of a pull request leads to no build twice', async () => {
    const told = loseAnswer('grouped', hasBuild);
    const more = `${STEPS}  - name: only\n    image: busybox\n    commands: [true]\n    when: [{ event: pull_request }]\n`;
    await pull(repository.commit({ 'slipway.yml': more }, 'More', { branch: 'feature' }), 'd1', {
      branch: 'feature',
    });
    await waitFor('all have their plan', async () => {
      const made = await builds();
      return made.length > 1 && made.every((build) => build.planned === 1);
    });
    await idle();
    expect(told.lost).toBe(1);
    expect(new Set((await builds()).map(({ number }) => number))).toEqual(new Set([1, 2]));
  });
});

describe('a push', () => {
  it('becomes a planned build of its commit', async () => {
    const commit = repository.commit({ 'slipway.yml': STEPS, a: '1' }, 'Change a');
    await push(commit, 'd1');
    await idle();
    const [build] = await builds();
    expect(build).toMatchObject({ number: 1, status: 'pending', commit, branch: 'main', event_kind: 'push' });
    expect(JSON.parse(build?.event_json ?? '')).toMatchObject({
      message: 'Change a',
      author: { name: 'Ada', email: 'ada@example.com' },
      committedAtMs: Number(repository.git('log', '-1', '--format=%ct')) * 1_000,
      actor: { id: '7', login: 'ada', avatarUrl: 'https://avatars.git.test/u/7' },
      repository: {
        host: 'github',
        id: '41',
        isPrivate: true,
        url: 'https://git.test/Shop/Web',
        sshUrl: 'git@git.test:Shop/Web.git',
      },
    });
    const plan = JSON.parse(build?.plan_json ?? '') as Plan;
    expect(plan.steps.map((step) => step.name)).toEqual(['unit']);
    expect(await delivery('d1')).toMatchObject({ outcome: 'built', reason: null });
    expect(await buildsOf('d1')).toEqual([1]);
  });

  it('reads the file at its commit, not at the newest one', async () => {
    const commit = repository.commit({ 'slipway.yml': STEPS.replace('unit', 'then') });
    repository.commit({ 'slipway.yml': STEPS.replace('unit', 'now') });
    await push(commit, 'd1');
    await idle();
    expect((await builds())[0]?.plan_json).toContain('"then"');
  });

  it('of a tag is built as a tag', async () => {
    const commit = repository.commit({ a: '1' });
    repository.git('tag', 'v1');
    repository.git('push', '-q', 'origin', 'v1');
    await push(commit, 'd1', { tag: 'v1' });
    await idle();
    expect(await builds()).toMatchObject([{ event_kind: 'tag', ref_name: 'v1', branch: null }]);
  });

  it('that deleted a branch builds nothing', async () => {
    await server.deliver('push', deletionPayload('shop/web', 'topic'), { id: 'd1' });
    await idle();
    expect(await builds()).toEqual([]);
    expect(await delivery('d1')).toMatchObject({
      outcome: 'ignored',
      reason: 'the branch topic was deleted',
    });
  });

  it('whose commit says [skip ci] is ignored, even when only the commit itself says so', async () => {
    const commit = repository.commit({ a: '1' }, 'docs [skip ci]');
    await push(commit, 'd1');
    await idle();
    expect(await builds()).toEqual([]);
    expect(await delivery('d1')).toMatchObject({
      outcome: 'ignored',
      reason: 'the commit message says [skip ci]',
    });
  });

  it('knows what changed since the commit before it', async () => {
    const before = repository.git('rev-parse', 'HEAD');
    repository.commit({ a: '1' });
    const commit = repository.commit({ b: '1' });
    await push(commit, 'd1', { before });
    await idle();
    expect(JSON.parse((await builds())[0]?.event_json ?? '')).toMatchObject({ changedFiles: ['a', 'b'] });
  });

  it('of ten commits at once makes ten builds in the order of arrival', async () => {
    const commits = Array.from({ length: 10 }, (_, n) => repository.commit({ n: String(n) }));
    for (const [n, commit] of commits.entries()) await push(commit, `d${n}`);
    await idle();
    expect((await builds()).map((build) => build.commit)).toEqual(commits);
  });

  it('of a commit that was built before on that branch is built again', async () => {
    const first = repository.commit({ a: '1' });
    const second = repository.commit({ a: '2' });
    await push(first, 'd1');
    await push(second, 'd2');
    repository.forcePush('main', first);
    await push(first, 'd3');
    await idle();
    expect((await builds()).map((build) => build.commit)).toEqual([first, second, first]);
  });
});

describe('a delivery that leads to nothing says why', () => {
  it('for a repository without a project', async () => {
    await server.deliver('push', pushPayload({ repository: 'no/body', commit: 'a'.repeat(40) }), {
      id: 'd1',
    });
    await idle();
    expect(await delivery('d1')).toMatchObject({
      outcome: 'ignored',
      reason: 'no project builds no/body; `slipway project add` makes one',
    });
  });

  it('for an event that is not built', async () => {
    await server.deliver('star', { repository: { full_name: 'shop/web' } }, { id: 'd1' });
    await idle();
    expect(await delivery('d1')).toMatchObject({
      outcome: 'ignored',
      reason: 'nothing is built for the event star',
    });
  });

  it('for a payload without a repository', async () => {
    await server.deliver('ping', { zen: 'x' }, { id: 'd1' });
    await idle();
    expect(await delivery('d1')).toMatchObject({ outcome: 'ignored', repository: null });
  });
});

describe('the pipeline file', () => {
  it('with problems makes a build that failed, every problem with line and column', async () => {
    const commit = repository.commit({ 'slipway.yml': 'steps:\n  - nam: unit\n  - name: b\n    retry: 3\n' });
    await push(commit, 'd1');
    await idle();
    const [build] = await builds();
    expect(build).toMatchObject({ status: 'failure', plan_json: null });
    const problems = JSON.parse(build?.problems_json ?? '[]') as {
      line: number;
      column: number;
      severity: string;
    }[];
    expect(problems.filter((problem) => problem.severity === 'error').length).toBeGreaterThan(1);
    for (const problem of problems)
      expect(problem).toMatchObject({
        file: 'slipway.yml',
        line: expect.any(Number) as number,
        column: expect.any(Number) as number,
      });
    expect(await delivery('d1')).toMatchObject({ outcome: 'built' });
  });

  it('of 10 MB makes a build that failed and says how much is read', async () => {
    const bytes = 10_000_000;
    const commit = repository.commit({ 'slipway.yml': '#'.repeat(bytes) });
    await push(commit, 'd1');
    await idle();
    const [build] = await builds();
    expect(build?.status).toBe('failure');
    expect(JSON.parse(build?.problems_json ?? '[]')).toMatchObject([
      { code: 'file_too_large', message: `The file has ${bytes} bytes; 1048576 are read.` },
    ]);
    expect(await delivery('d1')).toMatchObject({ outcome: 'built' });
  });

  it('may stand beside a Dockerfile of any size', async () => {
    const commit = repository.commit({
      'slipway.yml': null,
      Dockerfile: `FROM a\n${'#\n'.repeat(1_000_000)}`,
    });
    await push(commit, 'd1');
    await idle();
    expect((await builds())[0]?.status).toBe('pending');
  });

  it('may be missing where there is a Dockerfile', async () => {
    const commit = repository.commit({ 'slipway.yml': null, Dockerfile: 'FROM scratch\n' });
    await push(commit, 'd1');
    await idle();
    const [build] = await builds();
    expect(build?.status).toBe('pending');
    expect(JSON.parse(build?.plan_json ?? 'null')).toMatchObject({ image: { dockerfile: 'Dockerfile' } });
  });

  it('may not be missing without one: the build fails and says so', async () => {
    const commit = repository.commit({ 'slipway.yml': null, 'README.md': 'x' });
    await push(commit, 'd1');
    await idle();
    const [build] = await builds();
    expect(build?.status).toBe('failure');
    expect(build?.problems_json).toMatch(/slipway\.yml/);
  });

  it('of a folder of Woodpecker may be hidden, and its ending is in small letters, as there', async () => {
    const files = {
      'slipway.yml': null,
      '.woodpecker/.unit.yml': STEPS,
      '.woodpecker/Other.YML': 'steps: [',
    };
    await push(repository.commit(files), 'd1');
    await idle();
    const [build] = await builds();
    expect(build).toMatchObject({ status: 'pending' });
    expect((JSON.parse(build?.plan_json ?? '') as Plan).steps.map(({ name }) => name)).toEqual(['unit']);
  });

  it('that means nothing for the event makes a build that is skipped', async () => {
    const commit = repository.commit({ 'slipway.yml': `${STEPS}    when:\n      - event: tag\n` });
    await push(commit, 'd1');
    await idle();
    expect(await builds()).toMatchObject([{ status: 'skipped' }]);
  });
});

describe('a push and a pull request of one commit', () => {
  const topic = () => repository.commit({ a: String(Math.random()) }, 'topic', { branch: 'topic' });

  it('make one build, the push first', async () => {
    const commit = topic();
    await push(commit, 'push', { branch: 'topic' });
    await idle();
    await pull(commit, 'pull', { branch: 'topic' });
    await idle();
    expect(await builds()).toMatchObject([{ event_kind: 'push', branch: 'topic', commit }]);
    expect([await buildsOf('push'), await buildsOf('pull')]).toEqual([[1], [1]]);
    expect(await delivery('pull')).toMatchObject({
      outcome: 'built',
      reason: 'its push had this commit built',
    });
  });

  it('make one build, the pull request first; the push has its plan', async () => {
    const commit = topic();
    await pull(commit, 'pull', { branch: 'topic' });
    await idle();
    await push(commit, 'push', { branch: 'topic' });
    await idle();
    expect(await builds()).toMatchObject([
      { event_kind: 'push', branch: 'topic', commit, status: 'pending' },
    ]);
    expect([await buildsOf('push'), await buildsOf('pull')]).toEqual([[1], [1]]);
  });

  it('make one build, at the same instant', async () => {
    for (let n = 0; n < 5; n++) {
      const commit = topic();
      await Promise.all([
        pull(commit, `pull${n}`, { branch: 'topic' }),
        push(commit, `push${n}`, { branch: 'topic' }),
      ]);
      await idle();
      expect((await builds()).filter((build) => build.commit === commit)).toHaveLength(1);
      expect(await buildsOf(`push${n}`)).toEqual(await buildsOf(`pull${n}`));
    }
  });

  it('make two where the file has a step that only the pull request has', async () => {
    const own =
      '  - name: review\n    image: busybox\n    commands: [true]\n    when:\n      - event: pull_request\n';
    const commit = repository.commit({ 'slipway.yml': STEPS + own }, 'topic', { branch: 'topic' });
    await push(commit, 'push', { branch: 'topic' });
    await pull(commit, 'pull', { branch: 'topic' });
    await idle();
    expect((await builds()).map((build) => build.event_kind)).toEqual(['push', 'pull_request']);
    expect([await buildsOf('push'), await buildsOf('pull')]).toEqual([[1], [1, 2]]);
    const arrivals = [await delivery('push'), await delivery('pull')].map(({ id }) => timeOrder(id));
    expect((await builds()).map((build) => build.branch_order)).toEqual(arrivals);
  });

  it.each([
    ['tags', 'push: { when: { event: pull_request } }\n'],
    ['a deployment', 'deploy: { environment: e, port: 80, host: e.test, when: { event: pull_request } }\n'],
  ])('make two where the file has %s that only the pull request has', async (_, own) => {
    const files = { Dockerfile: 'FROM scratch\n', 'slipway.yml': `image: {}\n${STEPS}${own}` };
    const commit = repository.commit(files, 'topic', { branch: 'topic' });
    await push(commit, 'push', { branch: 'topic' });
    await pull(commit, 'pull', { branch: 'topic' });
    await idle();
    expect((await builds()).map((build) => build.event_kind)).toEqual(['push', 'pull_request']);
    expect(await buildsOf('pull')).toEqual([1, 2]);
  });

  it('a newer commit of the pull request cancels what runs for the older one', async () => {
    const older = topic();
    await push(older, 'push1', { branch: 'topic' });
    await pull(older, 'pull1', { branch: 'topic' });
    const newer = topic();
    await push(newer, 'push2', { branch: 'topic' });
    await pull(newer, 'pull2', { branch: 'topic' });
    await idle();
    expect((await builds()).map(({ commit, status }) => [commit, status])).toEqual([
      [older, 'cancelled'],
      [newer, 'pending'],
    ]);
  });

  it('an older commit that is built late cancels nothing of the newer one', async () => {
    const older = topic();
    const away = await breakHost(server, 'http://127.0.0.1:1/shop/web.git');
    await pull(older, 'pull1', { branch: 'topic' });
    await idle();
    await away.mend();
    const newer = topic();
    await push(newer, 'push2', { branch: 'topic' });
    await pull(newer, 'pull2', { branch: 'topic' });
    await idle();
    const { id } = await delivery('pull1');
    expect((await server.api('POST', `/deliveries/${id}/replay`)).status).toBe(202);
    await idle();
    expect((await builds()).map(({ commit, status }) => [commit, status])).toEqual([
      [newer, 'pending'],
      [older, 'pending'],
    ]);
  });

  it('of a fork: the build is blocked, says why, and nothing of it is read', async () => {
    const payload = pullRequestPayload({
      repository: 'shop/web',
      commit: 'e'.repeat(40),
      branch: 'x',
      head: 'evil/web',
    });
    const before = host.requests.length;
    await server.deliver('pull_request', payload, { id: 'fork' });
    await idle();
    expect(await builds()).toMatchObject([{ status: 'blocked', plan_json: null, pull_request: 1 }]);
    expect(await delivery('fork')).toMatchObject({
      outcome: 'blocked',
      reason: expect.stringContaining('evil/web') as string,
    });
    expect(host.requests.length).toBe(before);
    const { id } = await delivery('fork');
    expect((await server.api('POST', `/deliveries/${id}/replay`)).status).toBe(409);
  });
});

describe('a delivery that comes again', () => {
  it('makes no second build and answers with the first', async () => {
    const commit = repository.commit({ a: '1' });
    const payload = pushPayload({ repository: 'shop/web', commit });
    await server.deliver('push', payload, { id: 'twice' });
    await idle();
    const again = await server.deliver('push', payload, { id: 'twice' });
    await idle();
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({
      outcome: 'built',
      builds: [
        { number: 1, projectPath: 'shop/web', url: expect.stringMatching(/\/builds\/bld_/) as string },
      ],
    });
    expect(await builds()).toHaveLength(1);
  });

  it('is processed again when it failed inside us', async () => {
    const away = await breakHost(server, 'http://127.0.0.1:1/shop/web.git');
    const commit = repository.commit({ a: '1' }, 'change', { branch: 'topic' });
    const payload = pushPayload({ repository: 'shop/web', commit, branch: 'topic' });
    await server.deliver('push', payload, { id: 'failed' });
    await idle();
    expect(await delivery('failed')).toMatchObject({ outcome: 'failed', attempts: 5 });
    expect((await delivery('failed')).reason).toMatch(/cannot be read/);
    expect(await builds()).toEqual([]);
    await away.mend();
    expect((await server.deliver('push', payload, { id: 'failed' })).status).toBe(202);
    await idle();
    expect(await delivery('failed')).toMatchObject({ outcome: 'built', times: 2 });
    expect(await builds()).toHaveLength(1);
  });

  it('is processed again when a person replays it, unless it led to a build', async () => {
    const away = await breakHost(server, 'http://127.0.0.1:1/shop/web.git');
    const commit = repository.commit({ a: '1' }, 'change', { branch: 'topic' });
    await push(commit, 'failed', { branch: 'topic' });
    await idle();
    await away.mend();
    const { id } = await delivery('failed');
    expect((await server.api('POST', `/deliveries/${id}/replay`)).status).toBe(202);
    await idle();
    expect(await builds()).toHaveLength(1);
    expect((await server.api('POST', `/deliveries/${id}/replay`)).status).toBe(409);
    expect((await server.api('POST', `/deliveries/dlv_none/replay`)).status).toBe(404);
  });
});

describe('a server that ends', () => {
  it('takes up at its next start what it had acknowledged, and plans what it had recorded', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'slipway-restart-'));
    const first = await startTestServer({ directory, intake: false });
    await first.deps.projects.add({ cloneUrl: repository.cloneUrl, path: null, token: null });
    const commit = repository.commit({ a: '1' });
    const answer = await first.deliver('push', pushPayload({ repository: 'shop/web', commit }));
    expect(answer.status).toBe(202);
    const { id: projectId } = await first.deps.store.db
      .selectFrom('project')
      .select('id')
      .executeTakeFirstOrThrow();
    await first.deps.builds.createBuild({
      projectId,
      deliveryId: null,
      event: {
        kind: 'manual',
        branch: 'main',
        inputs: {},
        commit,
        message: '',
        author: { name: '', email: '' },
        committedAtMs: null,
        actor: { id: '', login: '', avatarUrl: null },
        url: null,
        repository: null,
      },
      outcome: null,
      blocked: null,
    });
    await first.close();
    const second = await startTestServer({ directory });
    await second.deps.intake.idle();
    const rows = await second.deps.store.db.selectFrom('build').orderBy('number').selectAll().execute();
    expect(rows.map((row) => [row.event_kind, row.planned === 1, row.reason])).toEqual([
      ['manual', true, null],
      ['push', true, null],
    ]);
    await second.close();
    await rm(directory, { recursive: true, force: true });
  });
});

describe('run now', () => {
  it('builds the newest commit of a branch', async () => {
    const commit = repository.commit({ a: '1' }, 'on topic', { branch: 'topic' });
    const answer = await server.api('POST', '/projects/shop%2Fweb/builds', { branch: 'topic' });
    expect(answer.status).toBe(201);
    await idle();
    const [build] = await builds();
    expect(build).toMatchObject({ event_kind: 'manual', branch: 'topic', commit, status: 'pending' });
    expect(build?.plan_json).not.toBeNull();
    expect(await answer.json()).toEqual({ id: build?.id, number: 1 });
  });

  it('knows of the repository what the newest delivery said, and nothing before there was one', async () => {
    const runNow = async () => {
      await server.api('POST', '/projects/shop%2Fweb/builds', { branch: 'main' });
      await idle();
      const event = readEvent((await builds()).at(-1)?.event_json ?? '');
      return [event.kind, event.repository?.sshUrl ?? null];
    };
    expect(await runNow()).toEqual(['manual', null]);
    await push(repository.commit({ a: '1' }), 'd1');
    await idle();
    expect(await runNow()).toEqual(['manual', 'git@git.test:Shop/Web.git']);
  });

  it('of a branch that is not there is refused', async () => {
    const answer = await server.api('POST', '/projects/shop%2Fweb/builds', { branch: 'none' });
    expect(answer.status).toBe(404);
    expect(await builds()).toEqual([]);
  });
});

/** Makes the project's repository unreachable until it is mended. */
async function breakHost(on: TestServer, url: string) {
  const set = (clone_url: string) =>
    on.deps.store.transaction((tx) => tx.db.updateTable('project').set({ clone_url }).execute());
  await set(url);
  return { mend: () => set(repository.cloneUrl) };
}

describe('files that are included', () => {
  const problemsOf = async (number: number) => {
    const rows = await builds();
    const build = rows.find((one) => one.number === number);
    return (JSON.parse(build?.problems_json ?? '[]') as LintProblemView[])
      .filter(({ severity }) => severity === 'error')
      .map(({ code, file, line, message }) => ({ code, place: `${file}:${line}`, message }));
  };
  const include = (commit: string, project = 'team/shared') =>
    `include: [ci/own.yml, { project: ${project}, commit: ${commit}, file: scan.yml }]\n${STEPS}`;
  const share = (sharedWith: readonly string[], project = 'team%2Fshared') =>
    server.api('PATCH', `/projects/${project}`, { sharedWith });

  let shared: HostedRepository;
  let commit: string;
  beforeEach(async () => {
    shared = host.create('team/shared');
    commit = shared.commit({ 'scan.yml': 'steps: { scan: { image: busybox, commands: old } }' });
    shared.commit({ 'scan.yml': 'steps: { newer: { image: busybox, commands: new } }' });
    await server.deps.projects.add({ cloneUrl: shared.cloneUrl, path: null, token: null });
  });

  it('are planned as they are at their commits, where the other project shares them', async () => {
    expect((await share(['shop/*'])).status).toBe(200);
    const built = repository.commit({
      'slipway.yml': include(commit),
      'ci/own.yml': 'steps: { own: { image: busybox, commands: x } }',
    });
    await push(built, 'included');
    await idle();
    const [build] = await builds();
    const plan = JSON.parse(build?.plan_json ?? 'null') as Plan;
    expect(plan.steps.map(({ name, commands }) => [name, commands])).toEqual([
      ['own', ['x']],
      ['scan', ['old']],
      ['unit', ['true']],
    ]);
  });

  it('are not told of without leave: what is not shared and what is not there are one answer', async () => {
    const files = { 'ci/own.yml': 'steps: {}' };
    const answers: string[] = [];
    for (const [index, project] of ['team/shared', 'team/nowhere'].entries()) {
      if (index === 1) await share(['shop/other', 'shop/web-two', 'team/*']);
      await push(
        repository.commit({ ...files, 'slipway.yml': include(commit, project) }),
        `refused-${index}`,
      );
      await idle();
      const [problem, ...more] = await problemsOf(index + 1);
      expect(more).toEqual([]);
      expect(problem).toMatchObject({ code: 'include_refused', place: 'slipway.yml:1' });
      answers.push(problem?.message.replaceAll(project, 'PROJECT') ?? '');
    }
    expect(new Set(answers).size).toBe(1);
    await push(repository.commit({ 'slipway.yml': include(commit) }), 'refused-2');
    await idle();
    expect((await problemsOf(3))[0]?.code).toBe('include_refused');
  });

  it('that are not there at the commit, and commits that are not there, are problems at the include', async () => {
    await share(['*']);
    const gone = 'f'.repeat(40);
    const text = `include:\n  - { project: team/shared, commit: ${commit}, file: gone.yml }\n  - { project: team/shared, commit: ${gone}, file: scan.yml }\n${STEPS}`;
    await push(repository.commit({ 'slipway.yml': text }), 'gone');
    await idle();
    expect((await problemsOf(1)).map(({ code, place }) => `${place} ${code}`)).toEqual([
      'slipway.yml:2 include_missing',
      'slipway.yml:3 include_refused',
    ]);
  });

  it('of a project whose Git host is away, or hangs, are problems of the build, which tell nothing of that host', async () => {
    await share(['*']);
    const elsewhere = 'http://127.0.0.1:9/secret/address.git';
    await server.deps.store.transaction((tx) =>
      tx.db.updateTable('project').set({ clone_url: elsewhere }).where('path', '=', 'team/shared').execute(),
    );
    const files = { 'slipway.yml': include('e'.repeat(40)), 'ci/own.yml': 'steps: {}' };
    await push(repository.commit(files), 'away');
    await idle();
    expect(await delivery('away')).toMatchObject({ outcome: 'built' });
    const [problem, ...more] = await problemsOf(1);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: 'include_unreachable', place: 'slipway.yml:1' });
    expect(problem?.message).toContain('its repository could not be read');
    expect((await builds())[0]?.problems_json).not.toMatch(/127\.0\.0\.1|secret/);
    expect(server.logged.join('')).toContain('an included commit could not be read');
  });

  it('are shared by patterns of paths alone', async () => {
    for (const wrong of ['Shop/Web', '**', 'shop/*/x', '../x', ''])
      expect((await share([wrong])).status, wrong).toBe(400);
    const view = (await (await share(['shop/web', '*', 'shop/web'])).json()) as ProjectView;
    expect(view.sharedWith).toEqual(['*', 'shop/web']);
  });
});
