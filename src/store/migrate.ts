import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { Problem } from '../core/problem.ts';
import { keel } from './migrations/0001-keel.ts';
import { gitHost } from './migrations/0002-git-host.ts';
import { manifests } from './migrations/0003-manifests.ts';
import { accessTokens } from './migrations/0004-access-tokens.ts';
import { buildLine } from './migrations/0005-build-line.ts';
import { retention } from './migrations/0006-retention.ts';
import { audit } from './migrations/0007-audit.ts';
import { workers } from './migrations/0008-workers.ts';
import { notifications } from './migrations/0009-notifications.ts';
import { auditActor } from './migrations/0010-audit-actor.ts';
import { workflows } from './migrations/0011-workflows.ts';
import { tests } from './migrations/0012-tests.ts';
import { artifacts } from './migrations/0013-artifacts.ts';
import { removals } from './migrations/0014-removals.ts';
import { removalWaits } from './migrations/0015-removal-waits.ts';
import { sharedFiles } from './migrations/0016-shared-files.ts';
import { schedules } from './migrations/0017-schedules.ts';
import { concurrency } from './migrations/0018-concurrency.ts';
import { reruns } from './migrations/0019-reruns.ts';
import { schedulesToRead } from './migrations/0020-schedules-to-read.ts';
import { planAttempts } from './migrations/0021-plan-attempts.ts';
import { workerNeeds } from './migrations/0022-worker-needs.ts';
import { splits } from './migrations/0023-splits.ts';
import { projectRemoval } from './migrations/0024-project-removal.ts';
import { namedImages } from './migrations/0025-named-images.ts';
import { deliveryBodies } from './migrations/0026-delivery-bodies.ts';
import { deliveryPlanAttempts } from './migrations/0027-delivery-plan-attempts.ts';
import { workflowCancel } from './migrations/0028-workflow-cancel.ts';
import { workerLowDisk } from './migrations/0029-worker-low-disk.ts';
import { endCodes } from './migrations/0030-end-codes.ts';
import type { Database } from './schema.ts';

/** Forward only; a migration that was released is never edited. The schema's version is their number. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  keel,
  gitHost,
  manifests,
  accessTokens,
  buildLine,
  retention,
  audit,
  workers,
  notifications,
  auditActor,
  workflows,
  tests,
  artifacts,
  removals,
  removalWaits,
  sharedFiles,
  schedules,
  concurrency,
  reruns,
  schedulesToRead,
  planAttempts,
  workerNeeds,
  splits,
  projectRemoval,
  namedImages,
  deliveryBodies,
  deliveryPlanAttempts,
  workflowCancel,
  workerLowDisk,
  endCodes,
];

/** The tables that exist before any migration: the schema's version and the server's lock. */
const BOOTSTRAP: readonly string[] = [
  `create table if not exists schema_version (id bigint primary key, version bigint not null)`,
  `create table if not exists server_lock (
    id bigint primary key,
    holder text not null,
    process text not null,
    fence bigint not null,
    ends_at bigint not null
  )`,
];

// A type, not an interface: Kysely's withTables wants an index signature.
type VersionTables = { schema_version: { id: number; version: number } };

/** Makes the bootstrap tables. @throws Problem `schema_newer` for a database of a newer program. */
export async function bootstrap(db: Kysely<Database>): Promise<void> {
  for (const statement of BOOTSTRAP) await sql.raw(statement).execute(db);
  const version = await readVersion(db);
  if (version > MIGRATIONS.length) throw new Problem('schema_newer', { version, known: MIGRATIONS.length });
}

/**
 * Brings the schema to this program's version, each migration in one transaction. Under the server's lock: `renew` holds
 * it through the transaction, and at its end gives it the lease anew, for a migration may take longer than one.
 */
export async function migrate(
  db: Kysely<Database>,
  renew: (tx: Transaction<Database>) => Promise<void>,
): Promise<void> {
  for (let version = await readVersion(db); version < MIGRATIONS.length; version += 1)
    await db.transaction().execute(async (tx) => {
      await renew(tx);
      for (const statement of MIGRATIONS[version] ?? []) await sql.raw(statement).execute(tx);
      await tx
        .withTables<VersionTables>()
        .insertInto('schema_version')
        .values({ id: 1, version: version + 1 })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ version: version + 1 }))
        .execute();
      await renew(tx);
    });
}

async function readVersion(db: Kysely<Database>): Promise<number> {
  const row = await db
    .withTables<VersionTables>()
    .selectFrom('schema_version')
    .select('version')
    .executeTakeFirst();
  return row?.version ?? 0;
}
