import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logEnds } from '../../../src/metrics/log-ends.ts';
import { makeRecord } from '../../support/record.ts';

it('logs the end of a build once, with its delivery, also when its row changes again or the server ends first', async () => {
  const record = await makeRecord();
  const said: unknown[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void said.push(JSON.parse(line)) });
  const { store, clock } = record;
  const ends = logEnds({ store, clock, log, everyMs: 60_000 });
  const { buildId, number } = await record.build(await record.project('shop/web'));
  record.clock.now += 7_000;
  await record.builds.cancelBuild(buildId, 'by ada');
  record.store.tell({ kind: 'build', id: buildId });
  record.store.tell({ kind: 'build', id: 'bld_gone' });
  await ends.stop();
  const { delivery_id: deliveryId } = await store.db
    .selectFrom('build')
    .where('id', '=', buildId)
    .select('delivery_id')
    .executeTakeFirstOrThrow();
  const about = { level: 30, project: 'shop/web', number, buildId, deliveryId };
  expect(said).toEqual([{ ...about, status: 'cancelled', seconds: 7, msg: 'the build ended' }]);
  await record.close();
});
