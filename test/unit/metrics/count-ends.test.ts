import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countEnds, type Ended, type EndCount } from '../../../src/metrics/count-ends.ts';
import { makeRecord, type TestRecord } from '../../support/record.ts';

let record: TestRecord;
let ends: Ended[];
let count: EndCount;
let projects = 0;

beforeEach(async () => {
  record = await makeRecord();
  ends = [];
  count = begin();
});
afterEach(async () => {
  count.stop();
  await record.close();
});

const begin = (): EndCount =>
  countEnds({ store: record.store, clock: record.clock, kind: 'build', onEnd: (ended) => ends.push(ended) });

async function endedBuild(): Promise<string> {
  const { buildId } = await record.build(await record.project(`shop/web-${(projects += 1)}`));
  record.clock.now += 7_000;
  await record.builds.cancelBuild(buildId, 'by ada');
  return buildId;
}

describe('counting the ends of builds', () => {
  it('tells of each end once, with its time, however often its row changes later', async () => {
    const buildId = await endedBuild();
    await count.catchUp();
    expect(ends).toEqual([{ id: buildId, status: 'cancelled', seconds: 7 }]);
    record.store.tell({ kind: 'build', id: buildId });
    await count.catchUp();
    expect(ends).toHaveLength(1);
  });

  it('tells of none that has not ended, and of it when it has', async () => {
    const { buildId } = await record.build(await record.project(`shop/web-${(projects += 1)}`));
    await count.catchUp();
    expect(ends).toEqual([]);
    await record.builds.cancelBuild(buildId, 'by ada');
    await count.catchUp();
    expect(ends).toEqual([{ id: buildId, status: 'cancelled', seconds: 0 }]);
  });

  it('tells of none that had ended before it began, or long before its row changed', async () => {
    const buildId = await endedBuild();
    count.stop();
    record.clock.now += 1;
    count = begin();
    record.store.tell({ kind: 'build', id: buildId });
    const other = await endedBuild();
    record.clock.now += 2 * 3_600_000;
    record.store.tell({ kind: 'build', id: other });
    await count.catchUp();
    expect(ends).toEqual([]);
  });

  it('loses none when the record could not be read', async () => {
    let isBroken = true;
    const { db } = record.store;
    const broken = countEnds({
      store: {
        onChange: record.store.onChange,
        get db(): typeof db {
          if (isBroken) throw new Error('the database is away');
          return db;
        },
      },
      clock: record.clock,
      kind: 'build',
      onEnd: (ended) => ends.push(ended),
    });
    await endedBuild();
    await expect(broken.catchUp()).rejects.toThrow('away');
    isBroken = false;
    await broken.catchUp();
    expect(ends).toHaveLength(1);
    broken.stop();
  });
});
