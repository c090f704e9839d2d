import path from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { engineLabels } from '../engine/labels.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import { ensureHelper } from './ensure-helper.ts';
import { sendFolder } from './send-folder.ts';
import type { WorkflowPlace } from './set-up-workflow.ts';
import { STEP_SETTINGS } from './settings.ts';
import type { StepSettings } from './settings.ts';

/** Where steps and services find the checkout. */
export const WORKSPACE = '/workspace';

/**
 * Copies the files of a directory on this worker's disk into the workspace volume, over the engine's connection,
 * so the engine may be on another machine. Every user of a container may write there: steps of one workflow run in
 * images with different users.
 */
export async function fillWorkspace(
  engine: Engine,
  labels: WorkflowLabels,
  place: WorkflowPlace,
  directory: string,
  settings: Pick<StepSettings, 'helperPath'> = STEP_SETTINGS,
): Promise<void> {
  const helper = await ensureHelper(engine, settings.helperPath);
  const id = await engine.createContainer({
    name: `${place.volume}-fill`,
    image: helper.image,
    labels: engineLabels(labels),
    command: ['true'],
    mounts: [{ volume: place.volume, path: WORKSPACE, readOnly: false }],
  });
  try {
    await sendFolder(directory, WORKSPACE, (archive) =>
      engine.putArchive(id, path.dirname(WORKSPACE), archive),
    );
  } finally {
    await engine.removeContainer(id);
  }
}
