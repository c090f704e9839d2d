import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Engine } from '../engine/engine.ts';
import { engineLabels } from '../engine/labels.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import { ensureHelper } from './ensure-helper.ts';
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
    await sendFolder(engine, id, directory);
  } finally {
    await engine.removeContainer(id);
  }
}

async function sendFolder(engine: Engine, id: string, directory: string): Promise<void> {
  // the workspace's own folder is an entry of the archive, so that its mode is set, too
  const names = `--transform=s,^[.],${path.basename(WORKSPACE)},S`;
  const owner = ['--mode=a+rwX', '--owner=0', '--group=0', '--numeric-owner'];
  const tar = spawn('tar', ['-C', directory, ...owner, names, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = once(tar, 'close') as Promise<[number | null]>;
  const complaint = text(tar.stderr);
  try {
    await engine.putArchive(id, path.dirname(WORKSPACE), tar.stdout);
  } catch (error) {
    tar.kill('SIGKILL');
    await end.catch(() => undefined);
    throw error;
  }
  const [code] = await end;
  if (code !== 0) throw new Error(`tar ended with ${code ?? 'a signal'}: ${(await complaint).trim()}`);
}
