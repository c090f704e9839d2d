import type { StepPlan } from '../../src/core/plan.ts';
import type { StepWork } from '../../src/core/work.ts';
import { EngineLost, refusalText } from '../engine/engine-lost.ts';
import type { ContainerSpec } from '../engine/create-container.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { badOutcome, ENGINE_LOST, type Outcome } from '../outcome.ts';
import { WORKSPACE } from './fill-workspace.ts';
import { findShell } from './find-shell.ts';
import type { Shell } from './find-shell.ts';
import { prepareImage } from './prepare-image.ts';
import { startStepContainer } from './step-container.ts';
import type { StepContainer } from './step-container.ts';
import { commonSpec } from './workflow-context.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** A step whose container waits for its commands; or why there is none. `pulled` belongs into the step's log. */
export type WaitingStep =
  | {
      readonly container: StepContainer;
      /** What holds its network, where that is not its own. */
      readonly sandbox: StepContainer | null;
      readonly shell: Shell;
      /** Words of what runs where the step has no commands; empty when its image names none. */
      readonly program: readonly string[];
      readonly workingDirectory: string;
      readonly pulled: readonly string[];
    }
  | { readonly outcome: Outcome; readonly pulled: readonly string[] };

/**
 * Gets the image and starts the container of a step, ahead of its turn. `image` is a reference or an Id. It joins the
 * network of `sandbox`, which goes with it; null, or one that has ended: it gets a network of its own.
 */
export async function startWaitingStep(
  context: WorkflowContext,
  plan: StepPlan,
  row: StepWork,
  image: string,
  sandbox: StepContainer | null,
  signal: AbortSignal,
): Promise<WaitingStep> {
  let pulled: readonly string[] = [];
  try {
    const prepared = await (plan.image === null
      ? prepareImage(context.engine, image, context.secrets.registries, signal)
      : context.images.prepare(image, signal));
    pulled = prepared.pulled;
    if ('end' in prepared) return { outcome: prepared.end, pulled };
    const { network, ...spec } = commonSpec(context, row, prepared.facts.id, plan.volumes);
    const start = (where: Pick<ContainerSpec, 'network' | 'joins'>): Promise<StepContainer> =>
      startStepContainer(context.engine, { ...spec, ...where }, context.settings.deadManSwitchMs);
    const joined =
      sandbox === null || sandbox.hasEnded()
        ? null
        : await start({ joins: sandbox.id }).catch((error: unknown) => nullUnlessLost(error));
    const container = joined ?? (await start({ network }));
    return {
      container,
      sandbox: joined === null ? null : sandbox,
      shell: await findShell(context.engine, container.id, prepared.facts),
      program: plan.program?.entrypoint ?? [...prepared.facts.entrypoint, ...prepared.facts.command],
      workingDirectory: workingDirectory(plan, prepared.facts),
      pulled,
    };
  } catch (error) {
    const outcome =
      error instanceof EngineLost
        ? ENGINE_LOST
        : badOutcome('container_not_started', { cause: refusalText(error) });
    return { outcome, pulled };
  }
}

/** It may have gone between the look at it and the start. */
function nullUnlessLost(error: unknown): null {
  if (error instanceof EngineLost) throw error;
  return null;
}

/**
 * A step in the image just built starts where that image says, for what is tested is the image's own content; other
 * steps start in the workspace.
 */
export function workingDirectory(
  plan: Pick<StepPlan, 'image'>,
  image: Pick<ImageFacts, 'workingDirectory'>,
): string {
  const own = image.workingDirectory;
  return plan.image === null && own !== '' && own !== '/' ? own : WORKSPACE;
}
