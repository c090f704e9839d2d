import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { engineLabels } from '../engine/labels.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import { SubnetTaken } from '../engine/network.ts';
import type { StepSettings } from './settings.ts';
import { WORKFLOW_PREFIX, freeSubnets } from './subnets.ts';

/** A workflow's place in the engine. */
export interface WorkflowPlace {
  readonly network: string;
  /** Volume of the workspace, empty at first. */
  readonly volume: string;
}

const LOOK_AGAIN_MS = 500;

/**
 * Makes the network and the workspace volume of a workflow, waiting while the range has no free network: `onWait`
 * is told so once, in words. Install {@link cleanUpWorkflow} first. It needs nothing of the checkout, so it can run
 * beside it.
 * @throws The signal's reason when it aborts.
 */
export async function setUpWorkflow(
  engine: Engine,
  labels: WorkflowLabels,
  settings: Pick<StepSettings, 'networkRange'>,
  signal: AbortSignal,
  onWait: (why: string) => void = () => undefined,
): Promise<WorkflowPlace> {
  const place = { network: `slipway-${labels.lease}`, volume: workspaceOf(labels) };
  await Promise.all([
    engine.createVolume(place.volume, engineLabels(labels)),
    createFreeNetwork(engine, place.network, labels, settings, signal, onWait),
  ]);
  return place;
}

/** Begin of the names of all volumes of workflows; the lease's id follows. */
export const VOLUME_PREFIX = 'slipway-';

/** Name of the volume of a workflow's workspace. */
export function workspaceOf({ lease }: WorkflowLabels): string {
  return `${VOLUME_PREFIX}${lease}`;
}

async function createFreeNetwork(
  engine: Engine,
  name: string,
  labels: WorkflowLabels,
  { networkRange }: Pick<StepSettings, 'networkRange'>,
  signal: AbortSignal,
  onWait: (why: string) => void,
): Promise<void> {
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted();
    if (await createInFirstFree(engine, name, labels, networkRange)) return;
    if (looks === 0)
      onWait(
        `Waiting for a network: every /${WORKFLOW_PREFIX} of ${networkRange} is in use. ` +
          'A wider range can be set with SLIPWAY_BUILD_NETWORKS.',
      );
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Another worker may be quicker with a subnet: then the next one is tried. False when none is left. */
async function createInFirstFree(
  engine: Engine,
  name: string,
  labels: WorkflowLabels,
  range: string,
): Promise<boolean> {
  const taken = (await engine.listNetworks()).flatMap((network) => network.subnets);
  for (const subnet of freeSubnets(range, taken)) {
    try {
      await engine.createNetwork({ name, subnet, labels: engineLabels(labels) });
      return true;
    } catch (error) {
      if (!(error instanceof SubnetTaken)) throw error;
    }
  }
  return false;
}
