import { isOfHost, type Plan } from '../../src/core/plan.ts';
import type { Engine } from '../engine/engine.ts';
import { engineLabels, type WorkflowLabels } from '../engine/labels.ts';
import { tarOf } from '../engine/tar.ts';
import { ensureHelper } from './ensure-helper.ts';
import { workspaceOf } from './set-up-workflow.ts';
import type { StepSettings } from './settings.ts';

/** So many are asked of the engine at a time. */
const AT_A_TIME = 8;

/** Of a workflow's place by the volume of its workspace, in the engine. */
export function volumeOf(workspace: string, name: string): string {
  return `${workspace}-${name}`;
}

/**
 * Makes the volumes of a plan's steps and services, empty; the workflow's clean-up removes them by their labels. Every
 * user of a container may write there, as in the workspace: steps of one workflow run in images with different users.
 * Once it has ended, also by an error, nothing is made any more.
 * @throws The signal's reason when it aborts.
 */
export async function makeVolumes(
  engine: Engine,
  labels: WorkflowLabels,
  { services, steps }: Pick<Plan, 'services' | 'steps'>,
  { helperPath }: Pick<StepSettings, 'helperPath'>,
  signal: AbortSignal,
): Promise<void> {
  const named = [...services, ...steps].flatMap(({ volumes = [] }) =>
    volumes.flatMap((one) => (isOfHost(one) ? [] : one.name)),
  );
  const volumes = [...new Set(named)].map((name) => volumeOf(workspaceOf(labels), name));
  if (volumes.length === 0) return;
  await createInGroups(engine, volumes, labels, signal);
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
    await engine.putArchive(id, '/', tarOf(folders), signal);
  } finally {
    await engine.removeContainer(id);
  }
}

async function createInGroups(
  engine: Engine,
  volumes: readonly string[],
  labels: WorkflowLabels,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < volumes.length; at += AT_A_TIME) {
    signal.throwIfAborted();
    const group = volumes.slice(at, at + AT_A_TIME);
    const made = await Promise.allSettled(
      group.map((name) => engine.createVolume(name, engineLabels(labels))),
    );
    const failed = made.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
  signal.throwIfAborted();
}
