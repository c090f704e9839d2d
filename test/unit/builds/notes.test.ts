import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Note } from '../../../src/store/store.ts';
import {
  deployOf,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
let noted: number;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 8 });
  project = await record.project();
  noted = 0;
});
afterEach(() => record.close());

const note: Note = async (tx) => {
  await tx.db.selectFrom('project').select('id').execute();
  noted += 1;
};
const full: Note = () => Promise.reject(new Error('the disk is full'));

/** A deployment that waits for its worker. */
async function waiting(): Promise<string> {
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(project, { plan });
  const id = await record.deploymentOf(buildId);
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  return id;
}

async function deployed(): Promise<void> {
  const lease = await ada.claimDeployment(await waiting());
  await prepare(lease);
  await switchOver(lease);
}

const rows = async () => ({
  deployments: await record.store.db.selectFrom('deployment').selectAll().orderBy('id').execute(),
  slots: await record.store.db.selectFrom('slot').selectAll().orderBy('id').execute(),
});

it('the cancel of a step is noted once, in its transaction: without its note there is none', async () => {
  ada = await record.worker('eve', { features: ['cancel-step'] });
  const { buildId } = await record.build(project);
  const { work, report } = await ada.claimWorkflow(await record.workflowOf(buildId));
  const step = work.steps.find(({ kind }) => kind === 'step');
  await report({ type: 'step.started', attemptId: step?.attemptId ?? '' });
  const wanted = async () =>
    record.store.db
      .selectFrom('step')
      .select('cancel_requested')
      .where('id', '=', step?.stepId ?? '')
      .execute();
  await expect(record.builds.cancelStep(step?.stepId ?? '', 'by ann', full)).rejects.toThrow(
    'the disk is full',
  );
  expect(await wanted()).toEqual([{ cancel_requested: null }]);
  await record.builds.cancelStep(step?.stepId ?? '', 'by ann', note);
  expect(noted).toBe(1);
  expect(await wanted()).toEqual([{ cancel_requested: 'by ann' }]);
});

it('a removal of an environment is noted once, in its transaction: without its note there is none', async () => {
  await deployed();
  const { id } = await record.store.db.selectFrom('environment').select('id').executeTakeFirstOrThrow();
  const before = await rows();
  await expect(record.builds.removeEnvironment(id, [], full)).rejects.toThrow('the disk is full');
  expect(await rows()).toEqual(before);
  await record.builds.removeEnvironment(id, [], note);
  expect(noted).toBe(1);
  expect(await rows()).not.toEqual(before);
});

it('a rollback is noted once, in its transaction: without its note there is none', async () => {
  await deployed();
  await deployed();
  const { id } = await record.store.db.selectFrom('environment').select('id').executeTakeFirstOrThrow();
  const before = await rows();
  await expect(record.builds.rollBack(id, null, full)).rejects.toThrow('the disk is full');
  expect(await rows()).toEqual(before);
  const { deploymentId } = await record.builds.rollBack(id, null, note);
  expect(noted).toBe(1);
  expect((await rows()).deployments.map((row) => row.id)).toContain(deploymentId);
});

it('the end of a deployment by a person is noted once, in its transaction', async () => {
  const id = await waiting();
  const before = await rows();
  await expect(record.builds.cancelDeployment(id, 'by ada', full)).rejects.toThrow('the disk is full');
  expect(await rows()).toEqual(before);
  await record.builds.cancelDeployment(id, 'by ada', note);
  expect(noted).toBe(1);
  expect(await record.statusOf('deployment', id)).toBe('cancelled');
  await expect(record.builds.cancelDeployment(id, 'by ada', note)).rejects.toMatchObject({
    code: 'already_ended',
  });
  expect(noted).toBe(1);
});
