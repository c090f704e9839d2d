import { newId } from '../../src/core/id.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import { systemClock as clock } from '../../src/ports/clock.ts';
import { openStore } from '../../src/store/open-store.ts';

/** Records an effect whose first try fails, and prints after how many it is done. */
const [file = ''] = process.argv.slice(2);
const store = await openStore(file);
let tries = 0;
const done = Promise.withResolvers<void>();
const outbox = createOutbox({
  store,
  clock,
  handlers: {
    tag: async () => {
      tries += 1;
      return tries === 1 ? { state: 'retry', reason: 'busy' } : { state: 'done', detail: 'set' };
    },
  },
  settled: async () => done.resolve(),
  onError: (error) => done.reject(error),
});
const [id, at] = [newId('fx'), clock.nowMs()];
const effect = { id, key: id, subject_id: 'wfl_1', kind: 'tag', target: 'a', payload_json: '{}' };
await store.transaction(async (tx) => {
  const row = { ...effect, state: 'pending' as const, result: null, lease_id: null };
  await tx.db
    .insertInto('outbox')
    .values({ ...row, next_at: at, created_at: at, finished_at: null })
    .execute();
});
outbox.start();
await done.promise;
await outbox.stop();
await store.close();
process.stdout.write(`${tries}\n`);
