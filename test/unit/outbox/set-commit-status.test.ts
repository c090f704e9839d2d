import { afterEach, beforeEach, expect, it } from 'vitest';
import { effectSettled } from '../../../src/builds/index.ts';
import { Problem } from '../../../src/core/problem.ts';
import { createOutbox } from '../../../src/outbox/outbox.ts';
import type { Outbox } from '../../../src/outbox/outbox.ts';
import { commitStatusHandler } from '../../../src/outbox/set-commit-status.ts';
import type { GitHost, HostAnswer } from '../../../src/ports/git-host.ts';
import { makeRecord, runWorkflow } from '../../support/record.ts';
import type { TestRecord } from '../../support/record.ts';

let record: TestRecord;
let outbox: Outbox | null = null;
let project: string;
/** What the host was asked, and what it answers; empty: ok. */
const asked: string[] = [];
const answers: (HostAnswer<null> | Promise<HostAnswer<null>>)[] = [];
const setStatus: GitHost['setStatus'] = async ({ name }, { commit, context, state, targetUrl }) => {
  asked.push(`${name} ${commit.slice(0, 4)} ${context} ${state} ${targetUrl}`);
  return (await answers.shift()) ?? { kind: 'ok', value: null };
};

beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
  const set = { host_token: 'sealed' };
  await record.store.transaction((tx) => tx.db.updateTable('project').set(set).execute());
  [asked.length, answers.length] = [0, 0];
});
afterEach(async () => {
  await outbox?.stop();
  await record.close();
  expect(record.errors).toEqual([]);
});

function start(connected = true): Outbox {
  outbox = createOutbox({
    store: record.store,
    // The state machine's clock stands still in these tests; effects become due by this one.
    clock: { nowMs: () => Date.now() },
    handlers: {
      'commit-status': commitStatusHandler({
        store: record.store,
        gitHost: { setStatus },
        connectionOf: async () =>
          connected ? { name: 'shop/web', access: { kind: 'token', token: 'secret' } } : null,
        publicUrl: 'https://ci.example',
      }),
    },
    settled: effectSettled,
    onError: (error) => record.errors.push(error),
  });
  outbox.start();
  return outbox;
}

const effects = async () => {
  const rows = await record.store.db.selectFrom('outbox').selectAll().orderBy('id').execute();
  return rows.map((row) => `${row.state}: ${row.result ?? ''}`);
};

it('sets each status once, with the address of the page', async () => {
  start();
  const { buildId } = await record.build(project);
  const page = `https://ci.example/builds/${buildId}`;
  await expect.poll(effects).toEqual(['done: slipway/build: pending']);
  await record.builds.cancelBuild(buildId, 'by ada');
  await expect.poll(async () => (await effects()).at(-1)).toBe('done: slipway/build: error');
  expect(asked).toEqual([
    `shop/web aaaa slipway/build pending ${page}`,
    `shop/web aaaa slipway/build error ${page}`,
  ]);
});

it('leaves out what has a later one behind it, so that a late one never overwrites it', async () => {
  const { buildId } = await record.build(project);
  await record.builds.cancelBuild(buildId, 'by ada');
  start();
  await expect.poll(effects).toEqual(['done: left out: a later one follows', 'done: slipway/build: error']);
  expect(asked).toHaveLength(1);
});

it('holds a later one back until the one before it was answered', async () => {
  const gate = Promise.withResolvers<HostAnswer<null>>();
  answers.push(gate.promise);
  start();
  const { buildId } = await record.build(project);
  await expect.poll(() => asked.length).toBe(1);
  await record.builds.cancelBuild(buildId, 'by ada');
  const other = await record.build(project, { event: { commit: 'b'.repeat(40) } });
  await expect.poll(() => asked.at(-1)).toContain(other.buildId);
  expect(asked.filter((line) => line.includes(buildId))).toHaveLength(1);
  gate.resolve({
    kind: 'later',
    problem: new Problem('host_unavailable', { host: 'h', what: 'w', cause: 'c' }),
    afterMs: 0,
  });
  await expect.poll(() => asked.filter((line) => line.includes(`error https`)).length).toBe(1);
  await expect
    .poll(async () => (await effects()).sort())
    .toEqual([
      'done: left out: a later one follows',
      'done: slipway/build: error',
      'done: slipway/build: pending',
    ]);
});

it('ends what the host refuses with the reason and the fix in the history of its build, which goes on', async () => {
  const problem = new Problem('host_not_permitted', {
    host: 'github.com',
    status: 403,
    who: 'the token of shop/web',
    what: 'set a status on shop/web',
    permission: 'Commit statuses: read and write',
    cause: 'Resource not accessible',
  });
  answers.push(...Array.from({ length: 9 }, () => ({ kind: 'refused', problem }) as const));
  start();
  const { buildId } = await record.build(project);
  const ada = await record.worker('ada');
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  await expect.poll(async () => (await effects()).every((line) => !line.startsWith('pending'))).toBe(true);
  expect(await effects()).toContain(`failed: ${problem.message} ${problem.fix}`);
  expect(await record.statusOf('build', buildId)).toBe('success');
  const events = await record.store.db
    .selectFrom('event')
    .select(['build_id', 'detail_json'])
    .where('type', '=', 'commit_status.failed')
    .execute();
  expect(events.at(-1)?.build_id).toBe(buildId);
  expect(JSON.parse(events.at(-1)?.detail_json ?? '')).toEqual({
    context: 'slipway/build',
    reason: `${problem.message} ${problem.fix}`,
  });
});

it('asks nobody for a project that has no connection any more', async () => {
  await record.build(project);
  start(false);
  await expect.poll(effects).toEqual(['done: left out: the project has no connection']);
  expect(asked).toEqual([]);
});
