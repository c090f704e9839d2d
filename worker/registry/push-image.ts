import type { PushedImage } from '../../src/core/image.ts';
import { Problem } from '../../src/core/problem.ts';
import { stagingName, stagingOf, type Staging } from '../../src/core/staging.ts';
import { blobsOf, type Manifest } from '../../src/registry/manifest.ts';
import type { Registry, RegistryCredentials } from '../../src/registry/registry.ts';
import { callEngine, EngineLost, refusalStatus, refusalText } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, ENGINE_LOST, outcomeOfProblem, type Outcome } from '../outcome.ts';
import { copyImage, isTakenAway, type ImageCopy } from './copy-image.ts';
import { formatBytes } from './format-bytes.ts';
import { pushByEngine } from './push-by-engine.ts';
import type { PushMessages } from './push-messages.ts';
import { removeStaging } from './remove-staging.ts';

export interface PushImage {
  readonly engine: Pick<Engine, 'docker' | 'removeImage'>;
  /** Engine's Id of the tested image. It must have another local name, so that it outlives the staging tag. */
  readonly imageId: string;
  /** Names what is staged. */
  readonly leaseId: string;
  readonly registry: Registry;
  /** Where the image belongs, without host, e.g. `shop/web`. */
  readonly repository: string;
  /** For the engine's own push; the same as the registry's. */
  readonly credentials: RegistryCredentials | null;
  /** A push in which nothing moves for this long is tried again, then given up. */
  readonly idleMs: number;
  /** Has a staged manifest put into the repository; see {@link ImageCopy}. */
  readonly put: ImageCopy['put'];
  /** Called once it is in its repository, before what was staged is cleared away: others wait to go on with it. */
  readonly onPushed: (image: PushedImage) => Promise<void>;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

export interface PushImageResult {
  readonly outcome: Outcome;
  /** Set when and only when the outcome is success. */
  readonly image: PushedImage | null;
}

/**
 * Puts a tested image into its repository by digest, untagged, and proves it: the engine pushes to a staging
 * repository, the manifest read back has the digest and names the tested image, its blobs are mounted into the real
 * repository, the manifest is put there. Nothing stays staged, whatever the end; what a worker that is killed leaves
 * is the server's to clear. Safe to repeat. The reason is the caller's to log; the log is not ended.
 */
export async function pushImage(work: PushImage): Promise<PushImageResult> {
  const staging = stagingOf(work.repository, work.leaseId);
  let digest: string | null = null;
  try {
    await work.log.say(`Pushing ${work.imageId} to ${work.registry.host}/${work.repository}, untagged`);
    const image = await pushAndCopy(work, staging, (pushed) => (digest = pushed));
    await work.onPushed(image);
    return { outcome: { status: 'success', reason: null, exitCode: null }, image };
  } catch (error) {
    if (work.signal.aborted) return { outcome: abortOutcome(work.signal), image: null };
    if (error instanceof Problem) await work.log.say(error.fix);
    return { outcome: outcomeOf(error), image: null };
  } finally {
    const { engine, registry } = work;
    await removeStaging({ engine, registry, staging, digest }).catch((error: unknown) =>
      work.log.say(`${stagingName(registry.host, staging)} is left behind: ${String(error)}`),
    );
  }
}

/** What nobody planned is thrown on. */
function outcomeOf(error: unknown): Outcome {
  if (error instanceof Problem) return outcomeOfProblem(error);
  if (error instanceof EngineLost) return { ...ENGINE_LOST, reason: error.message };
  if (refusalStatus(error) === null) throw error;
  return badOutcome('push_refused', { cause: refusalText(error) });
}

/** Another push of the same digest may take the staged manifest away; it has put the real one, or this one pushes again. */
const TRIES = 3;

async function pushAndCopy(
  work: PushImage,
  staging: Staging,
  onDigest: (digest: string) => void,
): Promise<PushedImage> {
  const { engine, registry, repository, imageId, signal } = work;
  const facts = await callEngine(() => engine.docker.getImage(imageId).inspect());
  const hadConfig = await registry.hasBlob(repository, imageId, signal);
  await engine.docker
    .getImage(imageId)
    .tag({ repo: `${registry.host}/${staging.repository}`, tag: staging.tag });
  for (let number = 1; ; number++) {
    const messages = await pushByEngine({ ...work, host: registry.host, ...staging });
    onDigest(messages.digest);
    const staged = await registry.getManifest(staging.repository, messages.digest, signal);
    const manifest = staged ?? (await registry.getManifest(repository, messages.digest, signal));
    if (manifest === null && number < TRIES) continue;
    if (manifest === null)
      throw new Problem('not_found', {
        what: 'pushed image',
        id: `${registry.host}/${repository}@${messages.digest}`,
      });
    demandTested(manifest, imageId);
    try {
      await copyImage({ ...outOfStaging(work, staging), manifest });
    } catch (error) {
      if (number < TRIES && isTakenAway(error)) continue;
      throw error;
    }
    return summarize(
      work,
      manifest,
      countBytes({ manifest, messages, layerIds: facts.RootFS.Layers ?? [], hadConfig }),
    );
  }
}

/**
 * The Id of an image is its configuration's digest in the engine's classic store, its manifest's or index's in the
 * containerd store.
 */
function demandTested(manifest: Manifest, imageId: string): void {
  const { config, digest, manifests } = manifest;
  if (config?.digest === imageId || digest === imageId || manifests.some((one) => one.digest === imageId))
    return;
  throw new Problem('digest_mismatch', {
    what: `The image in the pushed manifest ${digest}`,
    seen: config?.digest ?? 'an index',
    expected: imageId,
  });
}

function outOfStaging(
  { registry, repository, put, log, signal }: PushImage,
  staging: Staging,
): Omit<ImageCopy, 'manifest'> {
  return {
    registry,
    from: staging.repository,
    to: repository,
    put,
    onRefusedMount: ({ digest, size }) =>
      log.say(`The registry refuses to mount ${digest}; copying ${formatBytes(size)} through this worker`),
    signal,
  };
}

interface Bytes {
  readonly pushed: number;
  readonly reused: number;
}

/** Sizes are the manifest's (compressed). The engine names layers in the image's order, by what they unpack to. */
function countBytes(counted: {
  readonly manifest: Manifest;
  readonly messages: PushMessages;
  readonly layerIds: readonly string[];
  readonly hadConfig: boolean;
}): Bytes {
  const { manifest, messages, layerIds, hadConfig } = counted;
  const layerOf = new Map(manifest.layers.map(({ digest }, index) => [digest, layerIds[index] ?? digest]));
  let pushed = 0;
  let reused = 0;
  for (const { digest, size } of blobsOf(manifest)) {
    const layer = layerOf.get(digest);
    const travelled = layer === undefined ? !hadConfig : messages.travelled(layer);
    if (travelled) pushed += size;
    else reused += size;
  }
  return { pushed, reused };
}

async function summarize(
  work: PushImage,
  { digest }: Manifest,
  { pushed, reused }: Bytes,
): Promise<PushedImage> {
  const repository = `${work.registry.host}/${work.repository}`;
  await work.log.say(
    `${repository}@${digest} is there: ${formatBytes(pushed)} travelled, ${formatBytes(reused)} were in the registry already.`,
  );
  return { repository, digest, bytesPushed: pushed, bytesReused: reused };
}
