import { TIMES } from '../../config/times.ts';
import type { BuiltRelease } from '../../src/core/work.ts';
import { createApp, listApps, removeApp, type AppContainer, type AppSpec } from './app-container.ts';
import { ensureAppNetwork } from './app-network.ts';
import type { AppVariables } from './app-variables.ts';
import type { Deploying } from './deploying.ts';
import type { HeldApp } from './hold-app.ts';
import { latchArchive } from './latch/latch.ts';
import { fetchImage, isImageGone, onFetchedImage } from './on-fetched-image.ts';
import { planStart, type StartPlan } from './plan-start.ts';

/** The container of a candidate, or why there can be none. */
export type Candidate =
  | { readonly kind: 'plain'; readonly id: string }
  | ({ readonly kind: 'held' } & HeldApp)
  | { readonly kind: 'unfit'; readonly reason: string };

/**
 * The container of the candidate's slot, created of the tested image and not started. One that this deployment has
 * made of that image already is taken as it is, any other that stands in the slot is removed.
 * @throws Problem when the image cannot be had, or is not the tested one.
 */
export async function createCandidate(deploying: Deploying, app: AppVariables): Promise<Candidate> {
  const { release, log } = deploying;
  const { mine, architecture } = await takeSlot(deploying, [release.imageId, release.digest]);
  if (mine !== null) {
    // The image has its name by digest then, with which it stays as long as the release may come back.
    await fetchImage(deploying);
    await log.say('Going on with the container that was made before.');
    const latch = mine.held ? latchArchive(architecture) : null;
    return latch === null ? { kind: 'plain', id: mine.id } : { kind: 'held', id: mine.id, latch };
  }
  return onFetchedImage(deploying, async () => {
    const start = await planFor(deploying, release, architecture);
    if (start.kind === 'impossible') return { kind: 'unfit', reason: start.because };
    const id = await create(deploying, release, app, start.kind === 'held' ? start.words : null);
    if (start.kind === 'plain') {
      await log.say(`Plain start: ${start.because}.`);
      return { kind: 'plain', id };
    }
    await log.say('Held start: the container is started now, its app begins after the verdict.');
    return { kind: 'held', id, latch: start.latch };
  });
}

/**
 * The same of an image that is built and not pushed yet, for a container that can be held at its start. Null where it
 * cannot, or where this engine does not have the image: then there is time after the push.
 */
export async function createAhead(
  deploying: Deploying,
  { imageId, settings }: BuiltRelease,
  app: AppVariables,
): Promise<HeldApp | null> {
  if ((await deploying.tools.engine.inspectImage(imageId)) === null) return null;
  const { mine, architecture } = await takeSlot(deploying, [imageId]);
  const release = { imageReference: imageId, settings };
  const start = await planFor(deploying, release, architecture);
  if (start.kind !== 'held') return null;
  if (mine !== null) return mine.held ? { id: mine.id, latch: start.latch } : null;
  const id = await create(deploying, release, app, start.words).catch(unlessImageGone);
  if (id === null) return null;
  await deploying.log.say(
    'Held start: the container is started while its image is pushed, its app begins after the verdict.',
  );
  return { id, latch: start.latch };
}

/** The clean-up of the build that made it has taken it along. */
function unlessImageGone(error: unknown): null {
  if (isImageGone(error)) return null;
  throw error;
}

/** Makes room for the candidate: what stands in its slot goes, but for what this deployment made of one of those images. */
async function takeSlot(
  { tools, work, lease }: Deploying,
  imageIds: readonly string[],
): Promise<{ readonly mine: AppContainer | null; readonly architecture: string }> {
  const [{ architecture }] = await Promise.all([
    tools.engine.facts(),
    ensureAppNetwork(tools.engine, tools.network),
  ]);
  const slotApps = (await listApps(tools.engine, tools.router.dir, work.environment.id)).filter(
    ({ slot }) => slot === work.candidate,
  );
  const mine =
    slotApps.find((app) => app.deploymentId === work.deploymentId && imageIds.includes(app.imageId)) ?? null;
  for (const other of slotApps) if (other !== mine) await removeApp(tools, other, TIMES.stepGrace);
  lease.signal.throwIfAborted();
  return { mine, architecture };
}

type Image = AppSpec['release'];

async function planFor(
  { tools, lease }: Deploying,
  { imageReference, settings }: Image,
  architecture: string,
): Promise<StartPlan> {
  const image = await tools.engine.inspectImage(imageReference);
  return planStart({ image, settings, architecture, decided: lease.signals().verdict !== 'wait' });
}

/** @param held The words of the app's process when it is to be held. Rejects with the engine's 404 when the image is gone. */
function create(
  { tools, work, slot }: Deploying,
  release: Image,
  { variables, secretNames }: AppVariables,
  held: readonly string[] | null,
): Promise<string> {
  return createApp(tools.engine, {
    environment: work.environment,
    slot,
    deploymentId: work.deploymentId,
    release,
    variables,
    secretNames,
    networkName: tools.network.name,
    routerDir: tools.router.dir,
    held,
  });
}
