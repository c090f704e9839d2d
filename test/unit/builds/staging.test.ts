import { afterEach, beforeEach, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import { effectSettled, endedLeases } from '../../../src/builds/index.ts';
import { makeRecord, planOf, runWorkflow } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

const STAGING = 'registry.test:5000/slipway-staging/shop/web';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada');
  project = await record.project();
});
afterEach(() => record.close());

async function claimed(plan = planOf()) {
  const { buildId } = await record.build(project, { plan });
  const workflow = await record.workflowOf(buildId);
  return { buildId, workflow, lease: await ada.claimWorkflow(workflow) };
}

const staging = () => record.store.db.selectFrom('staging').selectAll().execute();
const effects = async () => {
  const rows = await record.store.db
    .selectFrom('outbox')
    .select(['kind', 'subject_id', 'target', 'payload_json', 'next_at'])
    .where('kind', '=', 'clear-staging')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, payload_json: JSON.parse(row.payload_json) as unknown }));
};
const settle = (state: 'done' | 'failed', subjectId: string) =>
  record.store.transaction((tx) =>
    effectSettled(
      tx,
      {
        kind: 'clear-staging',
        subjectId,
        payload: { repository: STAGING },
        state,
        result: 'no deletes here',
      },
      record.clock.now,
    ),
  );

it('is recorded before a worker may stage anything', async () => {
  const { buildId, lease } = await claimed();
  expect(await staging()).toEqual([{ lease_id: lease.open.id, build_id: buildId, repository: STAGING }]);
  expect(await effects()).toEqual([]);
});

it('is that of the registry which the plan names', async () => {
  await claimed({ ...planOf(), push: { repository: 'ghcr.io/shop/web', tags: [] } });
  expect(await staging()).toMatchObject([{ repository: 'ghcr.io/slipway-staging/shop/web' }]);
});

it('is nothing for a plan that pushes nothing', async () => {
  const { lease } = await claimed({ ...planOf(), push: null });
  await runWorkflow(lease);
  expect([await staging(), await effects()]).toEqual([[], []]);
});

it.each(['success', 'failure'] as const)('is cleared when its workflow ends with %s', async (status) => {
  const { buildId, lease } = await claimed();
  await runWorkflow(lease, status);
  expect(await effects()).toEqual([
    {
      kind: 'clear-staging',
      subject_id: buildId,
      target: STAGING,
      payload_json: { repository: STAGING },
      next_at: 0,
    },
  ]);
});

it('is cleared when its worker is lost, and looked at later, when its engine has ended as well', async () => {
  await claimed();
  const { now } = record.clock;
  await ada.restart();
  expect(await effects()).toMatchObject([
    { target: STAGING, next_at: 0 },
    { target: `${STAGING} late`, next_at: now + TIMES.lateStaging, payload_json: { repository: STAGING } },
  ]);
});

it('is cleared for each lease of a build', async () => {
  const { workflow } = await claimed();
  await ada.restart();
  await runWorkflow(await ada.claimWorkflow(workflow, 2));
  expect((await effects()).map(({ target }) => target)).toEqual([STAGING, `${STAGING} late`, STAGING]);
});

it('is forgotten once it is clear, but for leases that hold', async () => {
  const first = await claimed();
  await runWorkflow(first.lease);
  const second = await claimed();
  await settle('done', first.buildId);
  expect(await staging()).toMatchObject([{ lease_id: second.lease.open.id }]);
});

it('that a registry will not delete is told in the history of its build', async () => {
  const { buildId, lease } = await claimed();
  await runWorkflow(lease);
  await settle('failed', buildId);
  const events = await record.store.db
    .selectFrom('event')
    .select(['subject_id', 'build_id', 'detail_json'])
    .where('type', '=', 'build.staging_left')
    .execute();
  expect(events).toEqual([
    {
      subject_id: buildId,
      build_id: buildId,
      detail_json: JSON.stringify({ repository: STAGING, reason: 'no deletes here' }),
    },
  ]);
  expect(await staging()).toHaveLength(1);
});

it('knows ended leases from those at work and from names that are no leases of ours', async () => {
  const first = await claimed();
  await runWorkflow(first.lease);
  const second = await claimed();
  const others = Array.from({ length: 1_200 }, (_, number) => `lea_of_another_${number}`);
  const ids = [...others, first.lease.open.id, second.lease.open.id];
  expect(await endedLeases(record.store)(ids)).toEqual(new Set([first.lease.open.id]));
});
