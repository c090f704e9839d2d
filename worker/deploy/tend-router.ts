import { TIMES } from '../../config/times.ts';
import type { RouterRemovedRequest } from '../../src/protocol/worker.ts';
import type { DeployedEnvironment, RouterRecord, RouterRemoval } from '../../src/core/work.ts';
import type { RouterEnvironment } from '../router/state.ts';
import { listApps, removeApp, volumeName, type AppContainer } from './app-container.ts';
import { removeUnusedImages } from './remove-unused-images.ts';
import type { DeployTools } from './run-deployment.ts';

/** How long a removal waits for images that a container uses; one that an operator's uses stays with that. */
const IMAGE_MS = 60_000;

/**
 * Brings router and containers to the record: standbys whose time is over, environments that went, what ended
 * deployments left, images that nothing needs, a directory that was lost, an HAProxy that missed a change. What a
 * deployment is at work on is left alone. Of an environment that is to be removed the server is told when nothing is
 * left, and otherwise what is. Harmless at any time; returns what it did, a sentence each.
 * @param tellRemoved Returns the ids of those that the server has forgotten.
 * @param waited Since when removals wait for images, in ms of the clock; kept from one round to the next.
 */
export async function tendRouter(
  tools: DeployTools,
  readRecord: () => Promise<RouterRecord>,
  tellRemoved: (request: RouterRemovedRequest) => Promise<readonly string[]>,
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
    await removeApp(tools, app, TIMES.stepGrace);
    did.push(`removed a container of ${environment === undefined ? app.environmentId : nameOf(environment)}`);
  }
  const images = await removeUnusedImages(engine, record.unusedImages);
  for (const image of images.removed) did.push(`removed the image ${image}`);
  did.push(...(await endRemovals(tools, record.removals ?? [], { images, waited, tellRemoved })));
  return did;
}

interface Ending {
  readonly images: { readonly held: readonly string[] };
  readonly waited: Map<string, number>;
  readonly tellRemoved: (request: RouterRemovedRequest) => Promise<readonly string[]>;
}

/** Tells the server of each removal that nothing of it is left here, or what is; returns what is over. */
async function endRemovals(
  tools: DeployTools,
  removals: readonly RouterRemoval[],
  { images, waited, tellRemoved }: Ending,
): Promise<readonly string[]> {
  const now = tools.clock.nowMs();
  const imagesLeft = (id: string, held: readonly string[]): string | null => {
    const since = waited.get(id) ?? now;
    waited.set(id, since);
    return held.length === 0 || now - since >= IMAGE_MS ? null : `the containers that use ${held.join(', ')}`;
  };
  const did: string[] = [];
  const environments: RouterRemovedRequest['environments'] = [];
  const waiting: NonNullable<RouterRemovedRequest['waiting']> = [];
  for (const removal of removals) {
    const { environmentId: id, volumes } = removal;
    const left = (await removeVolumes(tools, removal)) ?? imagesLeft(id, images.held);
    if (left === null) environments.push({ id, volumes: [...volumes] });
    else waiting.push({ id, for: left.slice(0, 1_000) });
  }
  if (removals.length === 0) return did;
  const forgotten = await tellRemoved({ environments, waiting });
  for (const removal of removals.filter(({ environmentId }) => forgotten.includes(environmentId))) {
    waited.delete(removal.environmentId);
    did.push(`removed the environment ${nameOf(removal)}`);
  }
  return did;
}

/** Removes the volumes that go with it; returns what else of it is left, null when nothing is. */
async function removeVolumes(
  { router, engine, active }: DeployTools,
  { environmentId, volumes }: RouterRemoval,
): Promise<string | null> {
  const isServed = (await router.state()).environments.some(({ id }) => id === environmentId);
  if (active.has(environmentId)) return 'a deployment that is at work on it';
  if (isServed) return 'the router, which still has it';
  // One that a deployment had made meanwhile goes in the next round.
  const apps = await listApps(engine, router.dir, environmentId);
  if (apps.length > 0) return `${apps.length === 1 ? 'a container' : `${apps.length} containers`} of it`;
  try {
    for (const name of volumes) await engine.removeVolume(volumeName(environmentId, name));
    return null;
  } catch (error) {
    return `a volume that cannot be removed: ${error instanceof Error ? error.message : String(error)}`;
  }
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
