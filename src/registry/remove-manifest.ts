import { deleteManifest } from './delete-manifest.ts';
import { openNamed, refusalOf, type RegistryAccess } from './open-named.ts';

type Outcome = { state: 'done'; detail: string } | { state: 'failed'; reason: string };

/** A manifest in a repository; `repository` is `host/repository`. */
export interface NamedManifest {
  readonly repository: string;
  readonly digest: string;
}

/** What the server's record knows of manifests. */
export interface ManifestRecord {
  /** Why the manifest must stay where it is, one sentence; null when nothing names it. By what is committed now. */
  whyKept(manifest: NamedManifest): Promise<string | null>;
  /** It is gone: the record forgets that those who may have it gone have put it. */
  removed(manifest: NamedManifest): Promise<void>;
}

/**
 * Does an effect of kind `remove-manifest`: deletes what a red build has put, by digest, unless the record has a use
 * for it. Whoever wants the same digest has it recorded before it is put, and putting and removing one digest have one
 * target in the outbox: what is put after the look into the record is put after the removal. Harmless twice; what it
 * throws may pass, a refusal is final.
 */
export function removeManifestEffect(access: RegistryAccess, record: ManifestRecord) {
  return async (payload: unknown, _key: string, signal: AbortSignal): Promise<Outcome> => {
    const manifest = payload as NamedManifest;
    const { registry, repository } = await openNamed(access, manifest.repository);
    const why = await record.whyKept(manifest);
    if (why !== null) return { state: 'done', detail: `kept: ${why}` };
    try {
      access.known.forget(manifest.repository, manifest.digest);
      const was = await deleteManifest(registry, repository, manifest.digest, signal);
      await record.removed(manifest);
      return { state: 'done', detail: was ? 'removed' : 'it was gone already' };
    } catch (error) {
      const reason = refusalOf(error);
      if (reason === null) throw error;
      return { state: 'failed', reason };
    }
  };
}
