import { Problem } from '../core/problem.ts';
import type { Registry } from './registry.ts';

/**
 * Deletes a manifest by digest, with all its tags; false when it was not there.
 * @throws Problem `registry_failed`, also where a registry answers that there is nothing to delete and keeps it.
 */
export async function deleteManifest(
  registry: Registry,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await registry.deleteManifest(repository, digest, signal)) return true;
  if ((await registry.headManifest(repository, digest, signal)) === null) return false;
  throw new Problem('registry_failed', {
    host: registry.host,
    status: 404,
    request: `DELETE /v2/${repository}/manifests/${digest}`,
    cause: 'it keeps what it says it has not',
  });
}
