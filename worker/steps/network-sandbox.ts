import type { StepWork } from '../../src/core/work.ts';
import { engineLabels } from '../engine/labels.ts';
import { HELPER_FOLDER } from './ensure-helper.ts';
import { startStepContainer, type StepContainer } from './step-container.ts';
import type { WorkflowContext } from './workflow-context.ts';

/**
 * Starts a container that holds nothing but the helper and a place on the workflow's network, for a step whose image is
 * still being built: the step's container joins its network, which is most of what starting one costs
 * (docs/decisions/0022-network-made-ahead.md). It is a dead man's switch like the step's own.
 */
export function startNetworkSandbox(context: WorkflowContext, row: StepWork): Promise<StepContainer> {
  const { engine, helper, labels, place, limits, settings } = context;
  return startStepContainer(
    engine,
    {
      name: `slipway-${row.attemptId}-network`,
      image: helper.image,
      labels: engineLabels(labels, row.name),
      mounts: [{ volume: helper.volume, path: HELPER_FOLDER, readOnly: true }],
      network: place.network,
      limits,
    },
    settings.deadManSwitchMs,
  );
}
