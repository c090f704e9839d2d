import { stagingRepository } from '../core/staging.ts';
import { openNamed, refusalOf, type RegistryAccess } from './open-named.ts';

type Outcome = { state: 'done'; detail: string } | { state: 'failed'; reason: string };

/**
 * Does an effect of kind `put-manifest`: puts a staged manifest into the real repository by its digest, untagged. Its
 * blobs are there already. Harmless twice; what it throws may pass. It fails with `MANIFEST_UNKNOWN` when neither
 * repository has it any more (another push of the same digest has taken it away), and with the registry's own words,
 * such as `MANIFEST_BLOB_UNKNOWN`, when that refuses it.
 */
export function putManifestEffect(access: RegistryAccess) {
  return async (payload: unknown, _key: string, signal: AbortSignal): Promise<Outcome> => {
    const { repository: named, digest, fresh } = payload as PutPayload;
    const { registry, repository } = await openNamed(access, named);
    const isThere = async () => (await registry.headManifest(repository, digest, signal)) !== null;
    const wasThere: Outcome = { state: 'done', detail: `${named} has ${digest} already` };
    try {
      if (!fresh && (await isThere())) return wasThere;
      const staged = await registry.getManifest(stagingRepository(repository), digest, signal);
      if (staged === null)
        return (await isThere())
          ? wasThere
          : { state: 'failed', reason: `MANIFEST_UNKNOWN ${digest} is staged no more` };
      await registry.putManifest(repository, digest, staged, signal);
      access.known.add(named, staged);
      return { state: 'done', detail: `put ${named}@${digest}` };
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === null) throw error;
      return { state: 'failed', reason };
    }
  };
}

interface PutPayload {
  /** `host/repository`. */
  readonly repository: string;
  readonly digest: string;
  /** The repository did not have it when it was asked for. */
  readonly fresh: boolean;
}
