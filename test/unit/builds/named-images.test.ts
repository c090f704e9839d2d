import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NamedImage } from '../../../src/core/named-image.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import { readWaiting } from '../../../src/dispatch/read-queue.ts';
import { removeBuild } from '../../../src/retention/remove-build.ts';
import { readBuild } from '../../../src/store/read/build.ts';
import { makeRecord, planOf, stepOf, workflowPlan } from '../../support/record.ts';
import type { TestLease, TestRecord, TestWorker } from '../../support/record.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const A: NamedImage = { from: 'registry', digest: digest('a') };
const B: NamedImage = { from: 'registry', digest: digest('b') };
const OWN: NamedImage = { from: 'engine', digest: digest('c') };
const FEATURES = ['repeat', 'named-images'];

let record: TestRecord;
let project: string;
let ada: TestWorker;
beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
  ada = await record.worker('ada', { capacity: 9, features: FEATURES });
});
afterEach(() => record.close());

type Lease = TestLease<WorkflowWork>;
const ask = async (lease: Lease, name: string, found: NamedImage | null) =>
  (await record.builds.nameImage(lease.open, { name, found })).image;

const plan = (...steps: ReturnType<typeof stepOf>[]) => ({
  ...planOf({ steps }),
  image: null,
  push: null,
});
const test = () => plan(stepOf('unit', { image: 'tools:1' }), stepOf('e2e', { image: 'browser' }));
/** Workflows beside one another, the last waiting for the first. */
const three = () => ({
  workflows: [
    workflowPlan('app', { plan: plan(stepOf('unit', { image: 'tools:1' })) }),
    workflowPlan('web', { plan: plan(stepOf('unit', { image: 'tools:1' })) }),
    workflowPlan('ship', { plan: plan(stepOf('pack', { image: 'tools:1' })), dependsOn: ['app'] }),
  ],
});

async function workflowsOf(buildId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await record.store.db
    .selectFrom('workflow')
    .select(['id', 'name'])
    .where('build_id', '=', buildId)
    .execute();
  return new Map(rows.map(({ id, name }) => [name, id]));
}

async function end(lease: Lease, red: readonly string[] = []): Promise<void> {
  for (const { kind, name, attemptId } of lease.work.steps) {
    const status = kind === 'step' && red.includes(name) ? 'failure' : 'success';
    await lease.report({ type: 'step.started', attemptId });
    const exitCode = status === 'success' ? 0 : 1;
    await lease.report({ type: 'step.finished', attemptId, status, reason: null, exitCode, logBytes: 0 });
  }
  const status = red.length === 0 ? 'success' : 'failure';
  await lease.report({ type: 'workflow.finished', status, reason: null });
}

const imagesOf = async (buildId: string) => {
  const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
  const view = await readBuild(record.store.db, buildId, context);
  return Object.fromEntries(
    (view?.workflows ?? []).flatMap(({ name, steps }) =>
      steps.flatMap((step) => (step.image === undefined ? [] : [[`${name} ${step.name}`, step.image]])),
    ),
  );
};

describe('the names of images', () => {
  it('stand for what was found first, for every workflow of the build on every worker', async () => {
    const { buildId } = await record.build(project, { plan: three() });
    const ids = await workflowsOf(buildId);
    const app = await ada.claimWorkflow(ids.get('app') ?? '');
    expect(await ask(app, 'tools:1', null)).toBeNull();
    expect(await ask(app, 'tools:1', A)).toEqual(A);
    expect(await ask(app, 'tools:1', B)).toEqual(A);
    const bob = await record.worker('bob', { capacity: 9, features: FEATURES });
    const web = await bob.claimWorkflow(ids.get('web') ?? '');
    expect(await ask(web, 'tools:1', null)).toEqual(A);
    expect(await ask(web, 'tools:1', B)).toEqual(A);
    expect(await imagesOf(buildId)).toEqual({
      'app unit': { name: 'tools:1', ...A },
      'web unit': { name: 'tools:1', ...A },
    });
  });

  it('are those of the workflow, and nothing else is asked for', async () => {
    const { buildId } = await record.build(project, { plan: test() });
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    await expect(ask(lease, 'other:1', A)).rejects.toMatchObject({ code: 'not_allowed' });
    expect(await record.store.db.selectFrom('named_image').selectAll().execute()).toEqual([]);
  });

  it('go with their build', async () => {
    const { buildId } = await record.build(project, { plan: test() });
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    await ask(lease, 'tools:1', A);
    await end(lease);
    await record.store.transaction((tx) => removeBuild(tx, buildId));
    expect(await record.store.db.selectFrom('named_image').selectAll().execute()).toEqual([]);
  });

  it('are shown of steps that came to them alone', async () => {
    const { buildId } = await record.build(project, { plan: test() });
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    await ask(lease, 'tools:1', A);
    await ask(lease, 'browser', OWN);
    for (const { kind, name, attemptId } of lease.work.steps) {
      if (kind === 'step' && name === 'e2e') {
        const reason = 'step unit failed';
        const skipped = { status: 'skipped' as const, reason, exitCode: null, logBytes: 0 };
        await lease.report({ type: 'step.finished', attemptId, ...skipped });
        continue;
      }
      await lease.report({ type: 'step.started', attemptId });
    }
    expect(await imagesOf(buildId)).toEqual({ 'default unit': { name: 'tools:1', ...A } });
  });
});

describe('what failed, run again', () => {
  it('runs the images of before, whatever the names stand for now, and shows that before it runs', async () => {
    const { buildId: before } = await record.build(project, { plan: three() });
    const ids = await workflowsOf(before);
    const app = await ada.claimWorkflow(ids.get('app') ?? '');
    const web = await ada.claimWorkflow(ids.get('web') ?? '');
    await ask(app, 'tools:1', A);
    await ask(web, 'tools:1', null);
    await end(web);
    await end(app, ['unit']);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    expect(await imagesOf(buildId)).toEqual({
      'app unit': { name: 'tools:1', ...A },
      'web unit': { name: 'tools:1', ...A },
    });
    const again = await workflowsOf(buildId);
    const bob = await record.worker('bob', { capacity: 9, features: FEATURES });
    const lease = await bob.claimWorkflow(again.get('app') ?? '');
    expect(await ask(lease, 'tools:1', B)).toEqual(A);
    await end(lease);
    // It did not run before: there the name stands for what it does in the build.
    const ship = await bob.claimWorkflow(again.get('ship') ?? '');
    expect(await ask(ship, 'tools:1', B)).toEqual(A);
  });

  it('runs an image that only an engine has, or none', async () => {
    const { buildId: before } = await record.build(project, { plan: test() });
    const first = await ada.claimWorkflow(await record.workflowOf(before));
    await ask(first, 'tools:1', OWN);
    await end(first, ['unit']);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    const bob = await record.worker('bob', { capacity: 9, features: FEATURES });
    const again = await bob.claimWorkflow(await record.workflowOf(buildId));
    expect(await ask(again, 'tools:1', null)).toEqual(OWN);
    expect(await ask(again, 'tools:1', A)).toEqual(OWN);
  });

  it('waits for a worker that knows to run them, where the names are known', async () => {
    const needs = async (buildId: string) => {
      const id = await record.workflowOf(buildId);
      return (await readWaiting(record.store)).find((one) => one.id === id)?.features;
    };
    const { buildId: before } = await record.build(project, { plan: test() });
    const first = await ada.claimWorkflow(await record.workflowOf(before));
    await end(first, ['unit']);
    const { buildId: unknown } = await record.builds.rerunBuild(before, 'failed');
    expect(await needs(unknown)).toEqual(['repeat']);
    const second = await ada.claimWorkflow(await record.workflowOf(unknown));
    await ask(second, 'tools:1', A);
    await end(second, ['unit']);
    const { buildId: known } = await record.builds.rerunBuild(unknown, 'failed');
    expect(await needs(known)).toEqual(['repeat', 'named-images']);
  });

  it('takes what the names stand for today where all of it runs again', async () => {
    const { buildId: before } = await record.build(project, { plan: test() });
    const first = await ada.claimWorkflow(await record.workflowOf(before));
    await ask(first, 'tools:1', A);
    await end(first, ['unit']);
    const { buildId } = await record.builds.rerunBuild(before, 'all');
    const again = await ada.claimWorkflow(await record.workflowOf(buildId));
    expect(await ask(again, 'tools:1', B)).toEqual(B);
  });
});

describe('a replay', () => {
  it('is told of names and divisions', async () => {
    const { buildId } = await record.build(project, { plan: test() });
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    await ask(lease, 'tools:1', A);
    await end(lease, ['unit']);
    const [workflow] = (await record.builds.replay(buildId)).workflows;
    expect(workflow).toMatchObject({ images: { 'tools:1': A }, divisions: {}, takes: null });
  });
});
