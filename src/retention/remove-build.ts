import { chunks } from '../core/chunks.ts';
import type { Tx } from '../store/store.ts';
import { logsOfBuild } from './read-history.ts';

/** In one statement. */
const MOST_IDS = 500;

/**
 * Removes all that is recorded of a build that nothing is to come of. Returns the logs that nothing points to once
 * this is committed.
 */
export async function removeBuild(tx: Tx, buildId: string): Promise<readonly string[]> {
  const { db } = tx;
  const logs = await logsOfBuild(tx, buildId);
  const workflows = db.selectFrom('workflow').select('id').where('build_id', '=', buildId);
  const deployments = db.selectFrom('deployment').select('id').where('build_id', '=', buildId);
  await db
    .deleteFrom('outbox')
    .where((eb) =>
      eb.or([
        eb('subject_id', '=', buildId),
        eb('subject_id', 'in', workflows),
        eb('subject_id', 'in', deployments),
      ]),
    )
    .execute();
  for (const some of chunks(logs, MOST_IDS))
    await db.deleteFrom('outbox').where('subject_id', 'in', some).execute();
  await removeLeases(tx, buildId);
  await forgetManifests(tx, buildId);
  const steps = db.selectFrom('step').select('id').where('workflow_id', 'in', workflows);
  await db.deleteFrom('step_attempt').where('step_id', 'in', steps).execute();
  await db.deleteFrom('step').where('workflow_id', 'in', workflows).execute();
  for (const table of [
    'artifact',
    'test_result',
    'test_report',
    'division',
    'named_image',
    'image',
    'workflow',
    'staging',
    'delivery_build',
    'deployment',
    'release',
    'event',
  ] as const)
    await db.deleteFrom(table).where('build_id', '=', buildId).execute();
  await db.deleteFrom('build').where('id', '=', buildId).execute();
  return logs;
}

/**
 * One that has something staged stays, so that the registry can be cleared of it; so does the newest of all, from which
 * fencing tokens go on.
 */
async function removeLeases({ db }: Tx, buildId: string): Promise<void> {
  for (const table of ['workflow', 'deployment'] as const)
    await db
      .deleteFrom('lease')
      .where('subject_id', 'in', (eb) => eb.selectFrom(table).select('id').where('build_id', '=', buildId))
      .where('id', 'not in', (eb) =>
        eb.selectFrom('staging').select('lease_id').where('build_id', '=', buildId),
      )
      .where('fence', '<', (eb) =>
        eb.selectFrom('lease as newest').select(({ fn }) => fn.max<number>('newest.fence').as('fence')),
      )
      .execute();
}

/**
 * What this build has published is a user's from now on: no other build that named it, and ends red, takes it out of the
 * registry.
 */
async function forgetManifests({ db }: Tx, buildId: string): Promise<void> {
  const named = await db
    .selectFrom('manifest')
    .select(['repository', 'digest'])
    .where('build_id', '=', buildId)
    .execute();
  for (const { repository, digest } of named)
    await db
      .updateTable('manifest')
      .set({ fresh: 0 })
      .where('repository', '=', repository)
      .where('digest', '=', digest)
      .execute();
  await db.deleteFrom('manifest').where('build_id', '=', buildId).execute();
}
