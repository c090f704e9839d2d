import { TIMES } from '../../config/times.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { RegisterAnswer, RegisterRequest } from '../protocol/worker.ts';
import type { Reading, Tx } from '../store/store.ts';
import type { KnownWorker } from './builds.ts';
import { demandProtocol } from './claim.ts';
import { loseLease } from './lose-lease.ts';

export interface NewToken {
  readonly name: string;
  readonly tokenHash: string;
  readonly routers: readonly string[];
  readonly at: number;
}

/** Makes or replaces the token of a worker; see `Builds.setWorkerToken`. */
export async function setWorkerToken(tx: Tx, { name, tokenHash, routers, at }: NewToken): Promise<string> {
  const token = { token_hash: tokenHash, token_routers_json: JSON.stringify(routers), routers_json: '[]' };
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

export async function findWorker(reading: Reading, tokenHash: string): Promise<KnownWorker | null> {
  const row = await reading.db
    .selectFrom('worker')
    .select(['id', 'name', 'token_hash', 'routers_json'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
  return row === undefined
    ? null
    : {
        id: row.id,
        name: row.name,
        tokenHash: row.token_hash,
        routers: JSON.parse(row.routers_json) as string[],
      };
}

/** Registers a process of the worker; leases of an earlier process are over. Repeats write nothing. */
export async function register(
  tx: Tx,
  worker: KnownWorker,
  request: RegisterRequest,
  at: number,
): Promise<RegisterAnswer> {
  demandProtocol(request.protocol);
  if (request.name !== worker.name) throw new Problem('not_allowed');
  const row = await tx.db
    .selectFrom('worker')
    .selectAll()
    .where('id', '=', worker.id)
    .executeTakeFirstOrThrow();
  demandRouters(worker.name, request.routers, JSON.parse(row.token_routers_json) as string[]);
  // One that was frozen while its successor started must not end what that one runs.
  if (request.again === true && row.instance !== null && row.instance !== request.instance)
    throw new Problem('exists_already', { what: 'newer process of worker', id: worker.name });
  const routers_json = JSON.stringify(request.routers);
  const { instance, capacity } = request;
  if (row.instance !== instance || row.capacity !== capacity || row.routers_json !== routers_json) {
    await tx.db
      .updateTable('worker')
      .set((eb) => ({ instance, capacity, routers_json, seen_at: at, version: eb('version', '+', 1) }))
      .where('id', '=', worker.id)
      .execute();
    tx.changed('worker', worker.id);
  }
  await loseLeasesOf(tx, { workerId: worker.id, but: instance, cause: 'its worker started again', at });
  return { workerId: worker.id, queue: row.queue, leaseMs: TIMES.lease, heartbeatMs: TIMES.heartbeat };
}

/** @throws Problem `router_refused` for the first router that the worker's token does not name. */
function demandRouters(worker: string, wanted: readonly string[], granted: readonly string[]): void {
  const router = wanted.find((name) => !granted.includes(name));
  if (router !== undefined) throw new Problem('router_refused', { worker, router });
}

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
