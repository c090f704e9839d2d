import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactTake, BuildPlan } from '../../../src/core/plan.ts';
import { Problem } from '../../../src/core/problem.ts';
import { newId } from '../../../src/core/id.ts';
import { readWaiting } from '../../../src/dispatch/read-queue.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import {
  makeRecord,
  planOf,
  stepOf,
  workflowPlan,
  type TestLease,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';

let record: TestRecord;
let project: string;
let ada: TestWorker;
beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
  ada = await record.worker('ada', { capacity: 9, features: ['repeat', 'take-artifacts'] });
});
afterEach(() => record.close());

const TAKE: ArtifactTake = { from: 'build', matrix: {}, names: ['site'], path: 'in', optional: false };

/** One that keeps, and one that takes. */
const passing = (runsOn: 'success' | 'failure' = 'success'): BuildPlan => ({
  workflows: [
    workflowPlan('build', { plan: { ...planOf({ steps: [stepOf('make')] }), image: null, push: null } }),
    workflowPlan('test', {
      dependsOn: ['build'],
      runsOn: [runsOn],
      plan: { ...planOf({ steps: [stepOf('unit')] }), image: null, push: null, takes: [TAKE] },
    }),
  ],
});

async function claimed(buildId: string, name: string, attempt = 1): Promise<TestLease<WorkflowWork>> {
  const { id } = await record.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return ada.claimWorkflow(id, attempt);
}

/** An artifact of the step's attempt, as it is once it is whole. */
async function keep({ work }: TestLease<WorkflowWork>, buildId: string, more: object = {}): Promise<string> {
  const id = newId('art');
  const attempt_id = work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
  const facts = { name: 'site', files: 1, bytes: 4, digest: `sha256:${'0'.repeat(64)}`, whole: 1 };
  await record.store.transaction(({ db }) =>
    db
      .insertInto('artifact')
      .values({ id, build_id: buildId, attempt_id, ...facts, created_at: 0, expires_at: null, ...more })
      .execute(),
  );
  return id;
}

async function end(
  { work, report }: TestLease<WorkflowWork>,
  status: 'success' | 'failure' = 'success',
): Promise<void> {
  for (const { attemptId, kind } of work.steps) {
    const of = kind === 'step' ? status : 'success';
    await report({ type: 'step.started', attemptId });
    await report({ type: 'step.finished', attemptId, status: of, reason: null, exitCode: 0, logBytes: 0 });
  }
  await report({ type: 'workflow.finished', status, reason: null });
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'given',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

async function kept(
  plan = passing(),
): Promise<{ buildId: string; id: string; first: TestLease<WorkflowWork> }> {
  const { buildId } = await record.build(project, { plan });
  const first = await claimed(buildId, 'build');
  const id = await keep(first, buildId);
  return { buildId, id, first };
}

describe('the claim of a workflow', () => {
  it('tells what it takes, which its lease may have, and no other lease', async () => {
    const { buildId, id, first } = await kept();
    await keep(first, buildId, { name: 'other' });
    await keep(first, buildId, { name: 'logs', whole: 0 });
    expect(await codeOf(record.builds.takenArtifact(first.open, id))).toBe('artifact_gone');
    await end(first);
    const second = await claimed(buildId, 'test');
    const facts = { id, workflow: 'build', step: 'make', name: 'site', bytes: 4, path: 'in' };
    expect(second.work.takes).toMatchObject({ artifacts: [facts], missing: [] });
    expect(await record.builds.takenArtifact(second.open, id)).toMatchObject(facts);
    const other = await kept();
    await end(other.first);
    expect(await codeOf(record.builds.takenArtifact(second.open, other.id))).toBe('artifact_gone');
    expect(await codeOf(record.builds.takenArtifact(first.open, id))).toBe('lease_lost');
    await end(second);
    expect(await codeOf(record.builds.takenArtifact(second.open, id))).toBe('lease_lost');
  });

  it('tells what a red workflow has kept to one that runs after failures', async () => {
    const { buildId, id, first } = await kept(passing('failure'));
    await end(first, 'failure');
    expect((await claimed(buildId, 'test')).work.takes?.artifacts).toMatchObject([{ id }]);
  });

  it('says what has expired, also when it was begun before', async () => {
    const { buildId, id, first } = await kept();
    await end(first);
    const second = await claimed(buildId, 'test');
    await record.store.transaction(({ db }) =>
      db.updateTable('artifact').set({ expires_at: record.clock.now }).where('id', '=', id).execute(),
    );
    expect(await codeOf(record.builds.takenArtifact(second.open, id))).toBe('artifact_gone');
    const again = await kept();
    await record.store.transaction(({ db }) =>
      db.updateTable('artifact').set({ expires_at: record.clock.now }).where('id', '=', again.id).execute(),
    );
    await end(again.first);
    expect((await claimed(again.buildId, 'test')).work.takes).toEqual({
      artifacts: [],
      missing: ['the artifact site of the workflow build has expired'],
    });
  });
});

describe('a re-run of what failed', () => {
  it('takes what was kept of the workflow that it takes over', async () => {
    const { buildId: before, id, first } = await kept();
    await end(first);
    await end(await claimed(before, 'test'), 'failure');
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    const again = await claimed(buildId, 'test');
    expect(again.work.takes).toMatchObject({ artifacts: [{ id }], missing: [] });
    expect(await record.builds.takenArtifact(again.open, id)).toMatchObject({ id });
    await end(again, 'failure');
    const third = await record.builds.rerunBuild(buildId, 'failed');
    expect((await claimed(third.buildId, 'test')).work.takes?.artifacts).toMatchObject([{ id }]);
  });

  it('of all of a build takes what that build has kept, and nothing of the one before', async () => {
    const { buildId: before, first } = await kept();
    await end(first);
    await end(await claimed(before, 'test'), 'failure');
    const { buildId } = await record.builds.rerunBuild(before, 'all');
    const anew = await claimed(buildId, 'build');
    const id = await keep(anew, buildId);
    await end(anew);
    expect((await claimed(buildId, 'test')).work.takes?.artifacts).toMatchObject([{ id }]);
  });
});

it('a workflow that takes some wants a worker that knows to, also where only a part of it runs again', async () => {
  const { buildId, first } = await kept();
  const waiting = async () => (await readWaiting(record.store)).map(({ features }) => features);
  expect(await waiting()).toEqual([]);
  await end(first);
  expect(await waiting()).toEqual([['take-artifacts']]);
  await end(await claimed(buildId, 'test'), 'failure');
  await record.builds.rerunBuild(buildId, 'failed');
  expect(await waiting()).toEqual([['take-artifacts']]);
});
