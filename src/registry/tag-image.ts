import { Problem } from '../core/problem.ts';
import type { Manifest } from './manifest.ts';
import type { Registry } from './registry.ts';

export interface TagImage {
  readonly registry: Registry;
  /** Without host. */
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  /** The digest's manifest, where this process has put it there; it is read otherwise. */
  readonly known?: Manifest | null;
  readonly signal?: AbortSignal;
}

/**
 * Sets tags on a digest that the repository holds, moving no layer. Safe to repeat; tags that are right already are
 * left alone.
 * @throws Problem `registry_failed`, `digest_mismatch`; `not_found` when the repository has no such digest.
 */
export async function tagImage({
  registry,
  repository,
  digest,
  tags,
  known,
  signal,
}: TagImage): Promise<void> {
  const [manifest, ...tagged] = await Promise.all([
    known ?? registry.getManifest(repository, digest, signal),
    ...tags.map((tag) => registry.headManifest(repository, tag, signal)),
  ]);
  if (manifest === null)
    throw new Problem('not_found', { what: 'image', id: `${registry.host}/${repository}@${digest}` });
  for (const [index, tag] of tags.entries())
    if (tagged[index] !== digest) await registry.putManifest(repository, tag, manifest, signal);
}
