import type { Plan } from '../../src/core/plan.ts';
import type { Engine } from '../engine/engine.ts';
import { engineLabels, type WorkflowLabels } from '../engine/labels.ts';
import { tarOf } from '../engine/tar.ts';
import { ensureHelper } from './ensure-helper.ts';
import { workspaceOf } from './set-up-workflow.ts';
import type { StepSettings } from './settings.ts';

/** Of a workflow's place by the volume of its workspace, in the engine. */
export function volumeOf(workspace: string, name: string): string {
  return `${workspace}-${name}`;
}

/**
 * Makes the volumes of a plan's steps and services, empty; the workflow's clean-up removes them by their labels. Every
 * user of a container may write there, as in the workspace: steps of one workflow run in images with different users.
 */
export async function makeVolumes(
  engine: Engine,
  labels: WorkflowLabels,
  { services, steps }: Pick<Plan, 'services' | 'steps'>,
  { helperPath }: Pick<StepSettings, 'helperPath'>,
): Promise<void> {
  const named = [...services, ...steps].flatMap(({ volumes = [] }) => volumes.map(({ name }) => name));
  const volumes = [...new Set(named)].map((name) => volumeOf(workspaceOf(labels), name));
  if (volumes.length === 0) return;
  await Promise.all(volumes.map((name) => engine.createVolume(name, engineLabels(labels))));
  const helper = await ensureHelper(engine, helperPath);
  const id = await engine.createContainer({
    name: `${workspaceOf(labels)}-volumes`,
    image: helper.image,
    labels: engineLabels(labels),
    command: ['true'],
    mounts: volumes.map((volume, at) => ({ volume, path: `/volumes/${at}`, readOnly: false })),
  });
  try {
    const folders = volumes.map((_, at) => ({ name: `volumes/${at}/`, mode: 0o777, bytes: Buffer.alloc(0) }));
    await engine.putArchive(id, '/', tarOf(folders));
  } finally {
    await engine.removeContainer(id);
  }
}
