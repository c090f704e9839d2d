import { TIMES } from '../../config/times.ts';
import { newId } from '../core/id.ts';
import { hasLabels, type Labels } from '../core/labels.ts';
import { Problem } from '../core/problem.ts';
import { revokedHash } from '../core/revoked-token.ts';
import type { Clock } from '../ports/clock.ts';
import type { RegisterAnswer, RegisterRequest } from '../protocol/worker.ts';
import type { Reading, Tx } from '../store/store.ts';
import type { KnownWorker, WorkerAllowance } from './builds.ts';
import { demandProtocol } from './claim.ts';
import { loseLease } from './lose-lease.ts';
import { unplaceFrom } from './placement.ts';
import type { Presence } from './presence.ts';

export interface NewToken {
  readonly name: string;
  readonly tokenHash: string;
  readonly allows: WorkerAllowance;
  readonly at: number;
}

/** Makes or replaces the token of a worker; see `Builds.setWorkerToken`. */
export async function setWorkerToken(tx: Tx, { name, tokenHash, allows, at }: NewToken): Promise<string> {
  const token = {
    token_hash: tokenHash,
    token_routers_json: JSON.stringify(allows.routers),
    token_labels_json: JSON.stringify(allows.labels),
    routers_json: '[]',
    labels_json: '{}',
  };
  const known = await tx.db.selectFrom('worker').select('id').where('name', '=', name).executeTakeFirst();
  if (known !== undefined) {
    await loseLeasesOf(tx, { workerId: known.id, cause: 'its worker got a new token', at });
    await tx.db
      .updateTable('worker')
      .set({ ...token, instance: null })
      .where('id', '=', known.id)
      .execute();
    return known.id;
  }
  const id = newId('wrk', at);
  await tx.db
    .insertInto('worker')
    .values({
      id,
      name,
      ...token,
      instance: null,
      capacity: 0,
      queue: `worker-${id}`,
      seen_at: 0,
      joined_at: at,
    })
    .execute();
  tx.changed('worker', id);
  return id;
}

/** See `Builds.revokeWorkerToken`. */
export async function revokeWorkerToken(
  tx: Tx,
  worker: string,
  at: number,
): Promise<{ readonly id: string; readonly name: string }> {
  const found = await demandWorkerNamed(tx, worker);
  await loseLeasesOf(tx, { workerId: found.id, cause: "its worker's token was revoked", at });
  await unplaceFrom(tx, found.id);
  await tx.db
    .updateTable('worker')
    .set((eb) => ({
      token_hash: revokedHash(found.id),
      instance: null,
      routers_json: '[]',
      version: eb('version', '+', 1),
    }))
    .where('id', '=', found.id)
    .execute();
  tx.changed('worker', found.id);
  return found;
}

/** @param worker Its name or its id. @throws Problem `not_found`. */
export async function demandWorkerNamed(
  tx: Tx,
  worker: string,
): Promise<{ readonly id: string; readonly name: string; readonly draining_since: number | null }> {
  const row = await tx.db
    .selectFrom('worker')
    .select(['id', 'name', 'draining_since'])
    .where((eb) => eb.or([eb('name', '=', worker), eb('id', '=', worker)]))
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'worker', id: worker });
  return row;
}

export async function findWorker(reading: Reading, tokenHash: string): Promise<KnownWorker | null> {
  const row = await reading.db
    .selectFrom('worker')
    .select(['id', 'name', 'token_hash', 'instance', 'routers_json'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  return row === undefined
    ? null
    : {
        id: row.id,
        name: row.name,
        tokenHash: row.token_hash,
        instance: row.instance,
        routers: JSON.parse(row.routers_json) as string[],
      };
}

interface Registering {
  readonly tx: Tx;
  readonly clock: Clock;
  readonly presence: Presence;
}

/** See `Builds.register`. Repeats write nothing. */
export async function register(
  { tx, clock, presence }: Registering,
  worker: KnownWorker,
  request: RegisterRequest,
): Promise<RegisterAnswer> {
  demandProtocol(request.protocol);
  if (request.name !== worker.name)
    throw new Problem('worker_name_wrong', { owner: worker.name, name: request.name });
  const at = clock.nowMs();
  const row = await tx.db
    .selectFrom('worker')
    .selectAll()
    .where('id', '=', worker.id)
    .executeTakeFirstOrThrow();
  // Its token may have ended since it was shown.
  if (row.token_hash !== worker.tokenHash) throw new Problem('worker_token_wrong');
  demandRouters(worker.name, request.routers, JSON.parse(row.token_routers_json) as string[]);
  const allowed = JSON.parse(row.token_labels_json) as Labels;
  const labels = request.labels ?? allowed;
  demandLabels(worker.name, labels, allowed);
  demandFreeName(row, request, presence);
  const { instance, capacity, protocol } = request;
  const now = {
    ...{ instance, capacity, protocol, program: request.program ?? null },
    routers_json: JSON.stringify(request.routers),
    labels_json: JSON.stringify(labels),
    features_json: JSON.stringify(request.features ?? []),
    low_disk: request.lowDisk ?? null,
  };
  if (Object.entries(now).some(([column, value]) => row[column as keyof typeof now] !== value)) {
    await tx.db
      .updateTable('worker')
      .set((eb) => ({ ...now, seen_at: at, version: eb('version', '+', 1) }))
      .where('id', '=', worker.id)
      .execute();
    tx.changed('worker', worker.id);
  }
  await loseLeasesOf(tx, { workerId: worker.id, but: instance, cause: 'its worker started again', at });
  return { workerId: worker.id, queue: row.queue, leaseMs: TIMES.lease, heartbeatMs: TIMES.heartbeat };
}

/**
 * The process that holds the name keeps it while it may live, so that one started by mistake ends nothing that runs.
 * @throws Problem `worker_running`, `worker_superseded`.
 */
function demandFreeName(
  { id, name, instance }: { id: string; name: string; instance: string | null },
  request: RegisterRequest,
  presence: Presence,
): void {
  if (instance === null || instance === request.instance) return;
  if (request.again === true) throw new Problem('worker_superseded', { worker: name });
  if (request.after !== instance && presence.mayLive(id, instance))
    throw new Problem('worker_running', { worker: name, seconds: TIMES.lease / 1_000 });
}

/** @throws Problem `router_refused` for the first router that the worker's token does not name. */
function demandRouters(worker: string, wanted: readonly string[], granted: readonly string[]): void {
  const router = wanted.find((name) => !granted.includes(name));
  if (router !== undefined) throw new Problem('router_refused', { worker, router });
}

/** @throws Problem `label_refused` for the first label that the worker's token does not name with that value. */
function demandLabels(worker: string, wanted: Labels, allowed: Labels): void {
  const [name, value] = Object.entries(wanted).find((label) => !hasLabels(allowed, fromOne(label))) ?? [];
  if (name !== undefined) throw new Problem('label_refused', { worker, label: `${name}=${value}` });
}

const fromOne = ([name, value]: readonly [string, string]): Labels => ({ [name]: value });

async function loseLeasesOf(
  tx: Tx,
  { workerId, but, cause, at }: { workerId: string; but?: string; cause: string; at: number },
): Promise<void> {
  const leases = await tx.db
    .selectFrom('lease')
    .selectAll()
    .where('worker_id', '=', workerId)
    .where('ended_at', 'is', null)
    .execute();
  for (const lease of leases) if (lease.worker_instance !== but) await loseLease(tx, lease, cause, at);
}
