import { parseImageReference } from './image-reference.ts';
import { openRegistry, type RegistryCredentials } from './registry.ts';
import { tagImage } from './tag-image.ts';

export interface TagEffectDeps {
  readonly loginOf: (host: string) => Promise<RegistryCredentials | null>;
  /** Whether the registry at `host` speaks plain HTTP. */
  readonly isInsecure: (host: string) => boolean;
}

/** Does an effect of kind `tag`: sets its tags on its digest. Harmless twice; what it throws may pass. */
export function tagEffect(deps: TagEffectDeps) {
  return async (
    payload: unknown,
    _key: string,
    signal: AbortSignal,
  ): Promise<{ state: 'done'; detail: string }> => {
    const {
      repository: reference,
      digest,
      tags,
    } = payload as { repository: string; digest: string; tags: string[] };
    const { host, repository } = parseImageReference(reference) ?? {};
    if (host === undefined || host === null || repository === undefined)
      throw new Error(`${reference} names no registry`);
    const endpoint = { host, insecure: deps.isInsecure(host), credentials: await deps.loginOf(host) };
    await tagImage({ registry: openRegistry(endpoint), repository, digest, tags, signal });
    return { state: 'done', detail: `${tags.join(', ')} → ${digest}` };
  };
}
