import { NotCollected, type FilesPlace } from '../collect/collect-files.ts';
import type { EndedStep } from './keep-reports.ts';
import { WORKSPACE } from './fill-workspace.ts';
import { startStepContainer } from './step-container.ts';
import { commonSpec, type WorkflowContext } from './workflow-context.ts';

/**
 * Gives `act` the files as the step has left them: in its container, or, where that has ended with its commands, those
 * of the workspace in one that holds nothing else.
 * @throws NotCollected when they are gone; the signal's reason; what `act` throws.
 */
export async function openFiles<T>(
  context: WorkflowContext,
  { container, plan, row, workingDirectory: directory, inTime: signal }: EndedStep,
  act: (place: FilesPlace) => Promise<T>,
): Promise<T> {
  const { engine, settings, helper } = context;
  if (!container.hasEnded()) return act({ engine, containerId: container.id, directory, signal });
  if (directory !== WORKSPACE && !directory.startsWith(`${WORKSPACE}/`))
    throw new NotCollected(`the container has ended, and with it what was in ${directory}`);
  signal.throwIfAborted();
  const { network, ...common } = commonSpec(context, row, helper.image, plan.volumes);
  const spec = { ...common, name: `${common.name}-files`, network };
  const other = await startStepContainer(engine, spec, settings.deadManSwitchMs);
  try {
    return await act({ engine, containerId: other.id, directory, signal });
  } finally {
    await other.remove();
  }
}
