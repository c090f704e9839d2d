import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { effectSettled } from '../../../src/builds/index.ts';
import type { TestResult } from '../../../src/core/test-report.ts';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import { createOutbox, type Outbox } from '../../../src/outbox/outbox.ts';
import { commitCheckHandler } from '../../../src/outbox/show-commit-check.ts';
import type { HostRepository } from '../../../src/ports/git-host.ts';
import { noticesOfBuild } from '../../../src/store/read/notices.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import {
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  runWorkflow,
  stepOf,
  workflowPlan,
  type TestRecord,
} from '../../support/record.ts';

let record: TestRecord;
let github: GithubServer;
let outbox: Outbox | null = null;
let project: string;
let connection: HostRepository | null;
const onlyToken: string[] = [];

beforeEach(async () => {
  [record, github] = await Promise.all([makeRecord(), startGithubServer()]);
  project = await record.project();
  const id = randomInt(100, 1e9);
  github.repositories.add('shop/web');
  github.app.installations.set('shop/web', { id, permissions: ['checks'] });
  connection = { name: 'shop/web', access: { kind: 'app', installation: String(id) } };
  await record.store.transaction((tx) =>
    tx.db
      .updateTable('project')
      .set({ installation_id: String(id) })
      .execute(),
  );
  onlyToken.length = 0;
});
afterEach(async () => {
  await outbox?.stop();
  await Promise.all([record.close(), github.close()]);
  expect(github.violations).toEqual([]);
  expect(record.errors).toEqual([]);
});

function start(app: GithubServer['app'] | null = github.app): void {
  const clock = { nowMs: () => Date.now() };
  outbox = createOutbox({
    ...{ store: record.store, clock, settled: effectSettled },
    handlers: {
      'commit-status': () => Promise.resolve({ state: 'done', detail: '' }),
      'commit-check': commitCheckHandler({
        store: record.store,
        gitHost: connectGithub({ api: github.url, app, clock }),
        connectionOf: async () => connection,
        publicUrl: 'https://ci.example',
        onTokenAlone: (repository) => onlyToken.push(repository),
      }),
    },
    onError: (error) => record.errors.push(error),
  });
  outbox.start();
}

const failure = (n: number): TestResult => ({
  ...{ suite: 'cart', name: `adds ${n}`, file: 'src/cart.test.ts', line: n, status: 'failed' },
  ...{ durationMs: 1, message: `expected *** to be ${n}` },
});

/** Runs a build whose step tells of tests, to its end; `beforeEnd` happens when they have come. */
async function tested(
  results: readonly TestResult[] | null,
  beforeEnd: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const unit = { ...stepOf('unit'), reports: { junit: ['*.xml'], folder: 'web' } };
  const { buildId } = await record.build(project, { plan: planOf({ steps: [unit] }) });
  const ada = await record.worker('ada', { capacity: 9 });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  const attemptId = lease.work.steps.find(({ name }) => name === 'unit')?.attemptId ?? '';
  const failed = results?.length ?? 0;
  const counts = { passed: 2, failed, error: 0, skipped: 0 };
  const summary = { files: 1, counts, note: null };
  if (results !== null)
    await record.builds.keepTests(lease.open, { attemptId, from: 0, results: [...results], summary });
  await beforeEnd();
  await runWorkflow(lease, 'failure');
  return buildId;
}

const ended = async () => {
  const rows = await record.store.db
    .selectFrom('outbox')
    .select(['state', 'result'])
    .where('kind', '=', 'commit-check')
    .orderBy('id')
    .execute();
  return rows.map(({ state, result }) => `${state}: ${result ?? ''}`);
};

it('shows the tests that failed in the files of the commit, with the page that tells more', async () => {
  start();
  const buildId = await tested([failure(3), failure(7)]);
  await expect.poll(ended).toEqual(['done: slipway/tests: failure, 2 annotations']);
  expect(github.checks).toMatchObject([
    {
      ...{ externalId: buildId, conclusion: 'failure', title: '2 passed, 2 failed' },
      annotations: [
        'web/src/cart.test.ts:3 cart › adds 3: expected *** to be 3',
        'web/src/cart.test.ts:7 cart › adds 7: expected *** to be 7',
      ],
    },
  ]);
  expect(github.checks[0]?.summary).toContain(`https://ci.example/builds/${buildId}`);
});

it('makes no second one when the server was killed between the act and its record', async () => {
  start();
  await tested(Array.from({ length: 60 }, (_, n) => failure(n + 1)));
  await expect.poll(ended, { timeout: 10_000 }).toEqual(['done: slipway/tests: failure, 60 annotations']);
  await outbox?.stop();
  const undone = { state: 'pending', result: null, finished_at: null, next_at: 0 } as const;
  await record.store.transaction((tx) => tx.db.updateTable('outbox').set(undone).execute());
  start();
  await expect.poll(ended).toEqual(['done: slipway/tests: failure, 60 annotations']);
  expect(github.checks).toHaveLength(1);
  expect(github.checks[0]?.annotations).toHaveLength(60);
});

it('waits for a Git host that is away, and then shows it', async () => {
  github.failNext(/check-runs/, { status: 502 }, 'cut');
  start();
  await tested([failure(3)]);
  await expect.poll(ended, { timeout: 10_000 }).toEqual(['done: slipway/tests: failure, 1 annotations']);
  expect(github.checks).toHaveLength(1);
});

it('is recorded for no build without a report, nor for one that a newer one of its commit replaced', async () => {
  await tested(null);
  expect(await ended()).toEqual([]);
  await tested([failure(3)], () => record.build(project));
  expect(await ended()).toEqual([]);
  await tested([failure(3)], () => record.build(project, { event: { commit: 'b'.repeat(40) } }));
  expect(await ended()).toEqual(['pending: ']);
});

it('shows what was taken over where a re-run of what failed has no reports of its own', async () => {
  const unit = { ...stepOf('unit'), reports: { junit: ['*.xml'] } };
  const noImage = { image: null, push: null };
  const workflows = [
    workflowPlan('one', { plan: planOf({ steps: [unit] }) }),
    workflowPlan('two', {
      plan: { ...planOf({ steps: [stepOf('e2e', { image: 'busybox' })] }), ...noImage },
    }),
  ];
  const { buildId: before } = await record.build(project, { plan: { workflows } });
  const ada = await record.worker('ada', { capacity: 9 });
  const workflowOf = async (buildId: string, name: string) => {
    const all = record.store.db.selectFrom('workflow').select('id').where('build_id', '=', buildId);
    return (await all.where('name', '=', name).executeTakeFirstOrThrow()).id;
  };
  const one = await ada.claimWorkflow(await workflowOf(before, 'one'));
  const attemptId = one.work.steps.find(({ name }) => name === 'unit')?.attemptId ?? '';
  const summary = { files: 1, counts: { passed: 2, failed: 1, error: 0, skipped: 0 }, note: null };
  await record.builds.keepTests(one.open, { attemptId, from: 0, results: [failure(3)], summary });
  await runWorkflow(one, 'success');
  await runWorkflow(await ada.claimWorkflow(await workflowOf(before, 'two')), 'failure');
  const { buildId } = await record.builds.rerunBuild(before, 'failed');
  await runWorkflow(await ada.claimWorkflow(await workflowOf(buildId, 'two')), 'success');
  expect(await record.statusOf('build', buildId)).toBe('success');
  start();
  await expect
    .poll(ended)
    .toEqual(['done: slipway/tests: failure, 1 annotations', 'done: slipway/tests: neutral, 1 annotations']);
  expect(github.checks.map(({ externalId }) => externalId)).toEqual([before, buildId]);
});

it('is not green where a step that should have told of its tests was killed', async () => {
  const told = { reports: { junit: ['*.xml'] } };
  const steps = [stepOf('unit', told), stepOf('integration', { dependsOn: ['unit'], ...told })];
  const { buildId } = await record.build(project, { plan: planOf({ steps }) });
  const { open, work, report } = await (
    await record.worker('ada')
  ).claimWorkflow(await record.workflowOf(buildId));
  for (const { kind, name, attemptId } of work.steps.slice(0, -1)) {
    await report({ type: 'step.started', attemptId });
    if (kind === 'image') for (const body of IMAGE_REPORTS) await report(body);
    const summary = { files: 1, counts: { passed: 2, failed: 0, error: 0, skipped: 0 }, note: null };
    if (name === 'unit') await record.builds.keepTests(open, { attemptId, from: 0, results: [], summary });
    const isKilled = name === 'integration';
    const end = { exitCode: isKilled ? 137 : 0, reason: null, logBytes: 0 };
    await report({ type: 'step.finished', attemptId, status: isKilled ? 'failure' : 'success', ...end });
  }
  await report({ type: 'workflow.finished', status: 'failure', reason: null });
  start();
  await expect.poll(ended).toEqual(['done: slipway/tests: neutral, 0 annotations']);
  expect(github.checks[0]?.summary).toContain('is missing');
});

it('says once that a token alone cannot, and leaves it out', async () => {
  connection = { name: 'shop/web', access: { kind: 'token', token: 'ghp_x' } };
  start();
  await tested([failure(3)]);
  await tested([failure(3)]);
  const left = 'done: left out: only a GitHub App may make check runs';
  await expect.poll(ended).toEqual([left, left]);
  expect(onlyToken).toEqual(['shop/web']);
  expect(github.requests).toEqual([]);
});

it('leaves it out where the server has no App any more, though the project still names its installation', async () => {
  start(null);
  const buildId = await tested([failure(3)]);
  await expect.poll(ended).toEqual(['done: left out: only a GitHub App may make check runs']);
  expect(await noticesOfBuild(record.store.db, buildId)).toEqual([]);
  expect(onlyToken).toEqual(['shop/web']);
});

it('says on the page of the build what the host refuses', async () => {
  const [[name, { id }] = ['', { id: 0 }]] = github.app.installations;
  github.app.installations.set(name, { id, permissions: ['statuses'] });
  start();
  const buildId = await tested([failure(3)]);
  await expect.poll(async () => (await ended())[0]).toMatch(/^failed: /);
  expect(await noticesOfBuild(record.store.db, buildId)).toMatchObject([
    { about: ['slipway/tests'], text: expect.stringContaining('checks: write') as string },
  ]);
});
