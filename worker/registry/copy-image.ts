import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { blobsOf, type Manifest } from '../../src/registry/manifest.ts';
import type { Descriptor, Registry } from '../../src/registry/registry.ts';

export interface ImageCopy {
  readonly registry: Registry;
  /** Repositories of that registry, without host. */
  readonly from: string;
  readonly to: string;
  readonly manifest: Manifest;
  readonly onRefusedMount: (blob: Descriptor) => Promise<void>;
  /**
   * Has a manifest put into `to` by its digest, its blobs being there; `fresh`: it was not there a moment ago.
   * @throws Problem `registry_failed` with the registry's words as its cause.
   */
  readonly put: (digest: string, fresh: boolean) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Before the second try and the further ones. */
const PAUSES_MS = [100, 400, 1_600];

/**
 * Brings an image of one repository into another, by digest and untagged: its blobs are mounted, or copied where the
 * registry will not mount, then its manifest is put; of an index, those of its images first. Safe to repeat, and
 * beside others who bring the same: a registry may miss a blob while another writes its link, so that is tried again.
 */
export async function copyImage(copy: ImageCopy): Promise<void> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await copyOnce(copy);
    } catch (error) {
      if (!isMissingBlob(error)) throw error;
      await sleep(pauseMs, undefined, { signal: copy.signal });
    }
  }
  return copyOnce(copy);
}

async function copyOnce(copy: ImageCopy): Promise<void> {
  const { registry, from, to, manifest, onRefusedMount, put, signal } = copy;
  for (const { digest } of manifest.manifests) {
    const image =
      (await registry.getManifest(from, digest, signal)) ?? (await registry.getManifest(to, digest, signal));
    if (image === null)
      throw new Problem('not_found', { what: 'manifest', id: `${registry.host}/${from}@${digest}` });
    await copyOnce({ ...copy, manifest: image });
  }
  const bring = async (blob: Descriptor): Promise<void> => {
    // Asked first: a mount writes the link of a blob anew, and others may be pulling it.
    if (await registry.hasBlob(to, blob.digest, signal)) return;
    if (await registry.mountBlob(to, blob.digest, from, signal)) return;
    await onRefusedMount(blob);
    await registry.copyBlob(to, blob, from, signal);
  };
  const [known] = await Promise.all([
    registry.headManifest(to, manifest.digest, signal),
    ...blobsOf(manifest).map(bring),
  ]);
  await put(manifest.digest, known === null);
}

/** Whether another push of the same digest has taken the manifest away from where it was staged. */
export function isTakenAway(error: unknown): boolean {
  return error instanceof Problem && /MANIFEST_UNKNOWN/.test(String(error.details['cause']));
}

/** Seen of distribution 2.8 with several pushes of one image at once. */
function isMissingBlob(error: unknown): boolean {
  return (
    error instanceof Problem && /MANIFEST_BLOB_UNKNOWN|DIGEST_INVALID/.test(String(error.details['cause']))
  );
}
