import type { Manifest } from './manifest.ts';

/**
 * Manifests that this process has put into a repository lately, by their digest: a tag is put with the very bytes, and
 * a digest names no others. Bounded; what is not known is read from the registry.
 */
export interface KnownManifests {
  /** `repository` with its host. */
  get(repository: string, digest: string): Manifest | null;
  add(repository: string, manifest: Manifest): void;
  /** It is there no more, or may not be. */
  forget(repository: string, digest: string): void;
}

/** An image's manifest is some thousand bytes; an index of many, or one of 127 layers, ten times that. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The oldest go first. */
export function knownManifests(mostBytes = MOST_BYTES): KnownManifests {
  const known = new Map<string, Manifest>();
  let bytes = 0;
  const forget = (key: string): void => {
    bytes -= known.get(key)?.bytes.length ?? 0;
    known.delete(key);
  };
  return {
    get: (repository, digest) => known.get(keyOf(repository, digest)) ?? null,
    add: (repository, manifest) => {
      const key = keyOf(repository, manifest.digest);
      forget(key);
      known.set(key, manifest);
      bytes += manifest.bytes.length;
      for (const oldest of known.keys()) if (bytes > mostBytes) forget(oldest);
    },
    forget: (repository, digest) => forget(keyOf(repository, digest)),
  };
}

function keyOf(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}
