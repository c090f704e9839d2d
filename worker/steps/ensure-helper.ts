import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { refusalStatus } from '../engine/engine-lost.ts';
import { LABELS } from '../engine/labels.ts';
import { tarOf } from '../engine/tar.ts';
import { findHelper } from './find-helper.ts';

/** Folder of the helper in every container that Slipway starts for a build. */
export const HELPER_FOLDER = '/.slipway';
/** The helper: a static busybox, for any user, whatever the image holds. */
export const HELPER = `${HELPER_FOLDER}/busybox`;

/** The helper in an engine. Both outlive builds; they carry the label `slipway.helper` and no lease. */
export interface Helper {
  /** An image that holds nothing else: for containers that are never started, to reach volumes. */
  readonly image: string;
  /** Mount it read-only at {@link HELPER_FOLDER}. */
  readonly volume: string;
}

const READY = 'ready';
/** Another worker that fills the volume gets this long before its container counts as left over. */
const FILLING_MS = 10_000;

const known = new WeakMap<Engine, Promise<Helper>>();

/**
 * Brings the helper into the engine, over its API alone, so that the engine may be on another machine. The first
 * call does the work, later ones share its answer; one that failed is tried again.
 * @throws Problem `part_missing` or `configuration_wrong` when this machine has no helper for the engine.
 */
export function ensureHelper(engine: Engine, helperPath: string | null): Promise<Helper> {
  const earlier = known.get(engine);
  if (earlier !== undefined) return earlier;
  const helper = bringHelper(engine, helperPath);
  known.set(engine, helper);
  helper.catch(() => known.delete(engine));
  return helper;
}

async function bringHelper(engine: Engine, helperPath: string | null): Promise<Helper> {
  const { architecture } = await engine.facts();
  const program = await readFile(await findHelper(helperPath, architecture));
  const digest = createHash('sha256').update(program).digest('hex').slice(0, 12);
  const helper = { image: `slipway-helper:${digest}`, volume: `slipway-helper-${digest}` };
  const labels = { [LABELS.helper]: digest };
  if ((await engine.inspectImage(helper.image)) === null) await importImage(engine, helper.image, program);
  await engine.createVolume(helper.volume, labels);
  await fillVolume(engine, helper, labels, program);
  return helper;
}

async function importImage(engine: Engine, image: string, program: Buffer): Promise<void> {
  const [repo, tag] = image.split(':');
  await engine.importImage(
    { repository: repo ?? image, tag: tag ?? 'latest' },
    tarOf([{ name: 'busybox', mode: 0o755, bytes: program }]),
  );
}

/**
 * Puts the program into the volume, and a mark after it that says that it is whole. The container's name is the
 * lock between workers of one engine: the engine gives it to one of them.
 */
async function fillVolume(
  engine: Engine,
  helper: Helper,
  labels: Readonly<Record<string, string>>,
  program: Buffer,
): Promise<void> {
  const giveUpMs = performance.now() + FILLING_MS;
  const name = helper.volume;
  for (;;) {
    try {
      const id = await engine.createContainer({
        name,
        image: helper.image,
        labels,
        command: [HELPER],
        mounts: [{ volume: helper.volume, path: HELPER_FOLDER, readOnly: false }],
      });
      try {
        if (await engine.hasFile(id, `${HELPER_FOLDER}/${READY}`)) return;
        const files = [
          { name: 'busybox', mode: 0o755, bytes: program },
          { name: READY, mode: 0o444, bytes: Buffer.alloc(0) },
        ];
        return await engine.putArchive(id, HELPER_FOLDER, tarOf(files));
      } finally {
        await engine.removeContainer(id);
      }
    } catch (error) {
      if (refusalStatus(error) !== 409) throw error;
      if (performance.now() > giveUpMs) await engine.removeContainer(name);
      await sleep(50);
    }
  }
}
