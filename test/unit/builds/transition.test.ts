import { afterEach, beforeEach, expect, it } from 'vitest';
import { transition } from '../../../src/builds/transition.ts';
import type { Status } from '../../../src/core/status.ts';
import { makeRecord, type TestRecord } from '../../support/record.ts';

let record: TestRecord;
let buildId: string;
beforeEach(async () => {
  record = await makeRecord();
  ({ buildId } = await record.build(await record.project()));
});
afterEach(() => record.close());

const change = (to: Status) =>
  record.store.transaction((tx) =>
    transition(tx, { table: 'build', id: buildId, buildId, to, reason: 'so it was', at: 7 }),
  );

const events = () =>
  record.store.db
    .selectFrom('event')
    .select(['type', 'at'])
    .where('subject_id', '=', buildId)
    .where('at', '=', 7)
    .execute();

it('changes a status and appends its event, or does neither', async () => {
  expect(await change('cancelled')).toBe(true);
  expect(await change('running')).toBe(false);
  expect(await events()).toEqual([{ type: 'build.cancelled', at: 7 }]);
});

it('is the only way: an update of a status by hand does not compile', async () => {
  // @ts-expect-error the column's type admits no update
  const byHand = () => record.store.db.updateTable('build').set({ status: 'success' });
  expect(byHand).toBeTypeOf('function');
});
