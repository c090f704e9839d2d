import { Problem } from '../core/problem.ts';
import { newId } from '../core/id.ts';
import { applySlotAction, slotAddress } from '../core/slots.ts';
import type { SlotIndex, SlotRecord } from '../core/deployment.ts';
import type { DeployPlan } from '../core/plan.ts';
import type { Reading, Tx } from '../store/store.ts';
import type { RouterSettings } from './deps.ts';

const SLOTS: readonly SlotIndex[] = [0, 1, 2];

/**
 * The environment that a deploy plan names, made at its first use with a backend and three addresses.
 * @throws Problem `host_taken`, `router_full`, `address_exhausted`; `environment_removing` while it goes.
 */
export async function ensureEnvironment(
  tx: Tx,
  {
    projectId,
    plan,
    router,
    at,
  }: { projectId: string; plan: DeployPlan; router: RouterSettings; at: number },
): Promise<string> {
  const known = await tx.db
    .selectFrom('environment')
    .select('id')
    .where('project_id', '=', projectId)
    .where('name', '=', plan.environment)
    .executeTakeFirst();
  if (known !== undefined) await demandStays(tx, known.id);
  await demandFreeHosts(tx, plan.hosts, known?.id ?? null);
  return known?.id ?? makeEnvironment(tx, { projectId, plan, router, at });
}

/** @throws Problem `environment_removing` once its removal is recorded. */
export async function demandStays(tx: Tx, environmentId: string): Promise<void> {
  const row = await tx.db
    .selectFrom('environment')
    .select(['name', 'router'])
    .where('id', '=', environmentId)
    .where('removing_at', 'is not', null)
    .executeTakeFirst();
  if (row !== undefined)
    throw new Problem('environment_removing', { environment: row.name, router: row.router });
}

/** @throws Problem `host_taken` when another environment has one of the hosts. */
export async function demandFreeHosts(
  tx: Tx,
  hosts: readonly string[],
  environmentId: string | null,
): Promise<void> {
  const others = await tx.db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select(['environment.id', 'environment.name', 'environment.hosts_json', 'project.path'])
    .execute();
  for (const other of others) {
    if (other.id === environmentId) continue;
    const taken = (JSON.parse(other.hosts_json) as string[]).find((host) => hosts.includes(host));
    if (taken !== undefined)
      throw new Problem('host_taken', { host: taken, environment: other.name, project: other.path });
  }
}

async function makeEnvironment(
  tx: Tx,
  {
    projectId,
    plan,
    router,
    at,
  }: { projectId: string; plan: DeployPlan; router: RouterSettings; at: number },
): Promise<string> {
  const backend = await freeBackend(tx, router);
  const addresses = SLOTS.map((index) => addressOf(router, backend, index));
  const id = newId('env', at);
  await tx.db
    .insertInto('environment')
    .values({
      id,
      project_id: projectId,
      name: plan.environment,
      router: router.name,
      hosts_json: JSON.stringify(plan.hosts),
      backend,
      created_at: at,
    })
    .execute();
  await tx.db
    .insertInto('slot')
    .values(
      addresses.map((address, index) => ({
        id: newId('slt', at),
        environment_id: id,
        slot_index: SLOTS[index] ?? 0,
        role: 'empty' as const,
        address,
        port: null,
        release_id: null,
        deployment_id: null,
        started_by: null,
        since: null,
        standby_until: null,
      })),
    )
    .execute();
  tx.changed('environment', id);
  return id;
}

async function freeBackend(tx: Tx, router: RouterSettings): Promise<number> {
  const rows = await tx.db
    .selectFrom('environment')
    .select('backend')
    .where('router', '=', router.name)
    .execute();
  const taken = new Set(rows.map((row) => row.backend));
  for (let backend = 0; backend < router.backends; backend += 1) if (!taken.has(backend)) return backend;
  throw new Problem('router_full', { size: router.backends });
}

function addressOf(router: RouterSettings, backend: number, index: SlotIndex): string {
  try {
    return slotAddress(router.appRange, backend, index);
  } catch (error) {
    throw new Problem('address_exhausted', { range: router.appRange, what: 'slot' }, { cause: error });
  }
}

/** The three slots of an environment, in their order. */
export async function readSlots(tx: Reading, environmentId: string): Promise<readonly SlotRecord[]> {
  const rows = await tx.db
    .selectFrom('slot')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .orderBy('slot_index')
    .execute();
  return rows.map((row) => ({
    index: row.slot_index,
    role: row.role,
    address: row.address,
    port: row.port,
    releaseId: row.release_id,
    deploymentId: row.deployment_id,
    startedBy: row.started_by,
    standbyUntilMs: row.standby_until,
  }));
}

/** Writes slots after an action; `since` moves where the role did. */
export async function writeSlots(
  tx: Tx,
  environmentId: string,
  { before, after, at }: { before: readonly SlotRecord[]; after: readonly SlotRecord[]; at: number },
): Promise<void> {
  for (const slot of after) {
    const old = before.find(({ index }) => index === slot.index);
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(slot)) continue;
    await tx.db
      .updateTable('slot')
      .set((eb) => ({
        role: slot.role,
        port: slot.port,
        release_id: slot.releaseId,
        deployment_id: slot.deploymentId,
        started_by: slot.startedBy,
        standby_until: slot.standbyUntilMs,
        ...(old?.role !== slot.role && { since: slot.role === 'empty' ? null : at }),
        version: eb('version', '+', 1),
      }))
      .where('environment_id', '=', environmentId)
      .where('slot_index', '=', slot.index)
      .execute();
  }
  tx.changed('environment', environmentId);
}

/** The slot that an aborted deployment prepared is empty again; a hot standby stays what it is. */
export async function abortSlots(
  tx: Tx,
  deployment: { id: string; environment_id: string; candidate: SlotIndex | null },
  at: number,
): Promise<void> {
  const { id, environment_id: environmentId, candidate } = deployment;
  if (candidate === null) return;
  const before = await readSlots(tx, environmentId);
  // One that was lost and waits for its turn may have left its slot to another.
  if (before.find(({ index }) => index === candidate)?.deploymentId !== id) return;
  await writeSlots(tx, environmentId, {
    before,
    after: applySlotAction(before, { type: 'abort', candidate }),
    at,
  });
}
