import { openNamed, type RegistryAccess } from './open-named.ts';
import { tagImage } from './tag-image.ts';

/** Does an effect of kind `tag`: sets its tags on its digest. Harmless twice; what it throws may pass. */
export function tagEffect(access: RegistryAccess) {
  return async (
    payload: unknown,
    _key: string,
    signal: AbortSignal,
  ): Promise<{ state: 'done'; detail: string }> => {
    const { repository: named, digest, tags } = payload as TagPayload;
    const { registry, repository } = await openNamed(access, named);
    const known = access.known.get(named, digest);
    await tagImage({ registry, repository, digest, tags, known, signal });
    return { state: 'done', detail: `${tags.join(', ')} → ${digest}` };
  };
}

interface TagPayload {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
}
