import { deleteManifest } from './delete-manifest.ts';
import { openNamed, refusalOf, type RegistryAccess } from './open-named.ts';
import type { Registry } from './registry.ts';

type Outcome = { state: 'done'; detail: string } | { state: 'failed'; reason: string };

/** Of these leases, those that have ended by the record; one that it does not know is another server's. */
export type EndedLeases = (leaseIds: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Does an effect of kind `clear-staging`: deletes from a staging repository what leases have left there that are over,
 * whichever they are. A digest that a lease at work has staged as well stays until that one is over too. Harmless
 * twice; what it throws may pass, a refusal is final.
 */
export function clearStagingEffect(access: RegistryAccess, endedLeases: EndedLeases) {
  return async (payload: unknown, _key: string, signal: AbortSignal): Promise<Outcome> => {
    const { registry, repository } = await openNamed(access, (payload as { repository: string }).repository);
    try {
      const removed = await clearStaging(registry, repository, endedLeases, signal);
      return { state: 'done', detail: removed === 0 ? 'nothing was left' : `removed ${removed}` };
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === null) throw error;
      return { state: 'failed', reason };
    }
  };
}

/** Returns how many manifests it has removed. */
async function clearStaging(
  registry: Registry,
  repository: string,
  endedLeases: EndedLeases,
  signal: AbortSignal,
): Promise<number> {
  const tags = await registry.listTags(repository, signal);
  const ended = await endedLeases(tags);
  const digestOf = (tag: string) => registry.headManifest(repository, tag, signal);
  const needed = new Set(await Promise.all(tags.filter((tag) => !ended.has(tag)).map(digestOf)));
  let removed = 0;
  for (const tag of ended) {
    const digest = await digestOf(tag);
    if (digest === null || needed.has(digest)) continue;
    if (await deleteManifest(registry, repository, digest, signal)) removed += 1;
  }
  return removed;
}
