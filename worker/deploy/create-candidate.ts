import { TIMES } from '../../config/times.ts';
import { createApp, listApps, removeApp } from './app-container.ts';
import { ensureAppNetwork } from './app-network.ts';
import type { AppVariables } from './app-variables.ts';
import type { Deploying } from './deploying.ts';
import type { HeldApp } from './hold-app.ts';
import { latchArchive } from './latch/latch.ts';
import { onFetchedImage } from './on-fetched-image.ts';
import { planStart } from './plan-start.ts';

/** The container of a candidate, or why there can be none. */
export type Candidate =
  | { readonly kind: 'plain'; readonly id: string }
  | ({ readonly kind: 'held' } & HeldApp)
  | { readonly kind: 'unfit'; readonly reason: string };

/**
 * The container of the candidate's slot, created of the tested image and not started. One of an earlier attempt is
 * taken as it is, any other that stands in the slot is removed.
 * @throws Problem when the image cannot be had, or is not the tested one.
 */
export async function createCandidate(deploying: Deploying, app: AppVariables): Promise<Candidate> {
  const { tools, work, log, lease } = deploying;
  const [{ architecture }] = await Promise.all([
    tools.engine.facts(),
    ensureAppNetwork(tools.engine, tools.network),
  ]);
  const slotApps = (await listApps(tools.engine, tools.router.dir, work.environment.id)).filter(
    ({ slot }) => slot === work.candidate,
  );
  const mine = slotApps.find(({ deploymentId }) => deploymentId === work.deploymentId);
  for (const other of slotApps) if (other !== mine) await removeApp(tools.engine, other.id, TIMES.stepGrace);
  lease.signal.throwIfAborted();
  if (mine !== undefined) {
    await log.say('Going on with the container of an earlier attempt.');
    const latch = mine.held ? latchArchive(architecture) : null;
    return latch === null ? { kind: 'plain', id: mine.id } : { kind: 'held', id: mine.id, latch };
  }
  return onFetchedImage(deploying, () => createOfImage(deploying, app, architecture));
}

/** Rejects with the engine's 404 when the image is gone. */
async function createOfImage(
  deploying: Deploying,
  { variables, secretNames }: AppVariables,
  architecture: string,
): Promise<Candidate> {
  const { tools, work, log, release, lease } = deploying;
  const image = await tools.engine.inspectImage(release.imageReference);
  const { settings } = release;
  const decided = lease.signals().verdict !== 'wait';
  const start = planStart({ image, settings, architecture, decided });
  if (start.kind === 'impossible') return { kind: 'unfit', reason: start.because };
  const id = await createApp(tools.engine, {
    environment: work.environment,
    slot: deploying.slot,
    deploymentId: work.deploymentId,
    release,
    variables,
    secretNames,
    networkName: tools.network.name,
    routerDir: tools.router.dir,
    held: start.kind === 'held' ? start.words : null,
  });
  if (start.kind === 'held') {
    await log.say('Held start: the container is started now, its app begins after the verdict.');
    return { kind: 'held', id, latch: start.latch };
  }
  await log.say(`Plain start: ${start.because}.`);
  return { kind: 'plain', id };
}
