import { TIMES } from '../../config/times.ts';
import type { RouterRemovedRequest } from '../../src/protocol/worker.ts';
import type { DeployedEnvironment, RouterRecord, RouterRemoval } from '../../src/core/work.ts';
import type { RouterEnvironment } from '../router/state.ts';
import { listApps, removeApp, volumeName, type AppContainer } from './app-container.ts';
import { removeUnusedImages } from './remove-unused-images.ts';
import type { DeployTools } from './run-deployment.ts';

/** Rounds in which a removal waits for images that a container uses; one that an operator's uses stays with that. */
const IMAGE_ROUNDS = 2;

/**
 * Brings router and containers to the record: standbys whose time is over, environments that went, what ended
 * deployments left, images that nothing needs, a directory that was lost, an HAProxy that missed a change. What a
 * deployment is at work on is left alone. Of an environment that is to be removed the server is told when nothing is
 * left. Harmless at any time; returns what it did, a sentence each.
 * @param tellRemoved Returns the ids of those that the server has forgotten.
 * @param waited For how many rounds removals have waited for images; kept from one round to the next.
 * @throws What removals failed with, when all else is done.
 */
export async function tendRouter(
  tools: DeployTools,
  readRecord: () => Promise<RouterRecord>,
  tellRemoved: (environments: RouterRemovedRequest['environments']) => Promise<readonly string[]>,
  waited: Map<string, number> = new Map(),
): Promise<readonly string[]> {
  const { router, engine } = tools;
  // The record is read last: what it does not know then is gone, not new.
  const apps = await listApps(engine, router.dir);
  const { environments: served } = await router.state();
  const record = await readRecord();
  const isTouched = (environment: { readonly id: string; readonly busy: boolean }) =>
    !environment.busy && !tools.active.has(environment.id);
  const did: string[] = [];
  for (const environment of record.environments) {
    if (!isTouched(environment)) continue;
    const wanted = routed(environment);
    const before = served.find(({ id }) => id === wanted.id);
    if (isSame(before, wanted)) continue;
    const applied = await router.put(wanted);
    if (applied.ok) did.push(`brought ${nameOf(wanted)} to the record`);
  }
  for (const gone of served.filter(({ id }) => !record.environments.some((other) => other.id === id))) {
    if (tools.active.has(gone.id)) continue;
    await router.drop(gone.id);
    did.push(`removed ${nameOf(gone)} from the router`);
  }
  await router.sync();
  for (const app of apps) {
    const environment = record.environments.find(({ id }) => id === app.environmentId);
    if (environment !== undefined && !isTouched(environment)) continue;
    if (tools.active.has(app.environmentId) || isWanted(app, environment)) continue;
    await removeApp(engine, app.id, TIMES.stepGrace);
    did.push(`removed a container of ${environment === undefined ? app.environmentId : nameOf(environment)}`);
  }
  const images = await removeUnusedImages(engine, record.unusedImages);
  for (const image of images.removed) did.push(`removed the image ${image}`);
  const failed: unknown[] = [];
  for (const removal of record.removals ?? []) {
    const { environmentId: id, volumes } = removal;
    try {
      if (!(await endRemoval(tools, removal))) continue;
      const rounds = waited.get(id) ?? 0;
      waited.set(id, rounds + 1);
      if (images.held.length > 0 && rounds < IMAGE_ROUNDS) continue;
      const forgotten = await tellRemoved([{ id, volumes: [...volumes] }]);
      if (!forgotten.includes(id)) continue;
      waited.delete(id);
      did.push(`removed the environment ${nameOf(removal)}`);
    } catch (error) {
      failed.push(new Error(`${nameOf(removal)} cannot be removed: ${String(error)}`, { cause: error }));
    }
  }
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed, failed.map(String).join('; '));
  return did;
}

/** Removes the volumes that go with it; false while something else of it is left. */
async function endRemoval(
  { router, engine, active }: DeployTools,
  { environmentId, volumes }: RouterRemoval,
): Promise<boolean> {
  const isServed = (await router.state()).environments.some(({ id }) => id === environmentId);
  if (isServed || active.has(environmentId)) return false;
  // One that a deployment had made meanwhile goes in the next round.
  if ((await listApps(engine, router.dir, environmentId)).length > 0) return false;
  for (const name of volumes) await engine.removeVolume(volumeName(environmentId, name));
  return true;
}

function routed({ busy: _busy, ...environment }: RouterRecord['environments'][number]): RouterEnvironment {
  return { ...environment, candidateHost: null };
}

/** The times of standbys are the record's alone; the router's files do not need them. */
function isSame(before: RouterEnvironment | undefined, wanted: RouterEnvironment): boolean {
  if (before === undefined) return wanted.slots.every(({ role }) => role === 'empty');
  const essence = ({ hosts, slots, backend }: RouterEnvironment) =>
    JSON.stringify([
      backend,
      hosts,
      slots.map(({ index, role, address, port }) => [index, role, address, port]),
    ]);
  return essence(before) === essence(wanted);
}

/** Whether the record has a use for the container: a candidate only of the deployment that made it. */
function isWanted(app: AppContainer, environment: RouterRecord['environments'][number] | undefined): boolean {
  const slot = environment?.slots.find(({ index }) => index === app.slot);
  if (slot === undefined || slot.role === 'empty') return false;
  return slot.role !== 'candidate' || slot.deploymentId === app.deploymentId;
}

function nameOf({ projectPath, name }: Pick<DeployedEnvironment, 'projectPath' | 'name'>): string {
  return `${name} of ${projectPath}`;
}
