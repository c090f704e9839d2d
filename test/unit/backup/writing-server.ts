/** A server at work: `node writing-server.ts <data folder>` appends to logs and records what is durable, until it is killed or its standard input ends. */
import path from 'node:path';
import { newId } from '../../../src/core/id.ts';
import { openFileLogStore } from '../../../src/logs/file-log-store.ts';
import { openKeyRing } from '../../../src/secrets/key-ring.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Tx } from '../../../src/store/store.ts';

const [, , dataDir = '', target = path.join(dataDir, 'slipway.db')] = process.argv;
process.stdin.resume().on('end', () => process.exit(0));
const store = await openStore(target);
await openKeyRing(path.join(dataDir, 'keys'));
await store.transaction(async ({ db }) => {
  const known = await db.selectFrom('environment').select('id').executeTakeFirst();
  if (known === undefined) await insertEnvironment(db);
});
const logs = openFileLogStore(path.join(dataDir, 'logs'));
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));

async function insertEnvironment(db: Tx['db']): Promise<void> {
  const project = {
    ...{ id: newId('prj'), path: 'a/b', clone_url: '', host_repository: 'a/b', default_branch: 'main' },
    ...{ clone_token: null, host_token: null, installation_id: null, created_at: 0 },
  };
  await db.insertInto('project').values(project).execute();
  const environment = { id: newId('env'), project_id: project.id, name: 'production', router: 'local' };
  await db
    .insertInto('environment')
    .values({ ...environment, hosts_json: '[]', backend: 0, fence: 5, created_at: 0 })
    .execute();
}

/** Each row names a log and the length of it that was acknowledged before the row was written. */
async function write(writer: number): Promise<never> {
  for (let log = newId('att'), offset = 0, round = 0; ; round += 1) {
    const bytes = Buffer.from(`${writer} ${round % 25} ${'x'.repeat((round * 37) % 900)}\n`);
    const segments = [{ length: bytes.length, timeMs: Date.now(), stream: 'stdout' as const }];
    const durable = await logs.append([{ logId: log, offset, segments, bytes, end: round % 25 === 24 }]);
    offset = durable.get(log) ?? 0;
    const row = { at: Date.now(), subject_kind: 'step_attempt', subject_id: log, build_id: null };
    await store.transaction((tx) =>
      tx.db
        .insertInto('event')
        .values({ id: newId('evt'), ...row, type: 'written', detail_json: String(offset) })
        .execute(),
    );
    if (round === 0) process.stdout.write('writing\n');
    if (round % 25 === 24) [log, offset] = [newId('att'), 0];
  }
}
