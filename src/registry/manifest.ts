import { createHash } from 'node:crypto';

/** A manifest as it came, verified: `digest` is the sha256 of `bytes`. */
export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Null for an index. */
  readonly config: Descriptor | null;
  readonly layers: readonly Descriptor[];
  /** Manifests of an index; empty for an image. */
  readonly manifests: readonly Descriptor[];
}

/** https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Manifests that are understood: Docker's schema 2 and OCI's, images and indexes. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

/** `sha256:` and the hex digits of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Reads a manifest; null when the bytes are not one that is understood. */
export function parseManifest(bytes: Uint8Array, contentType: string | null): Manifest | null {
  const document = parseJson(bytes);
  if (document === null) return null;
  const named = document['mediaType'] ?? contentType?.split(';')[0]?.trim();
  const mediaType = MANIFEST_TYPES.find((known) => known === named);
  if (mediaType === undefined) return null;
  const isIndex = mediaType.includes('index') || mediaType.includes('list');
  const config = isIndex ? null : readDescriptor(document['config']);
  const layers = isIndex ? [] : readDescriptors(document['layers']);
  const manifests = isIndex ? readDescriptors(document['manifests']) : [];
  if (layers === null || manifests === null || (!isIndex && config === null)) return null;
  return { digest: digestOf(bytes), mediaType, bytes, config, layers, manifests };
}

/** The blobs an image consists of, each once. */
export function blobsOf(manifest: Manifest): readonly Descriptor[] {
  const all = manifest.config === null ? manifest.layers : [manifest.config, ...manifest.layers];
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

function parseJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function readDescriptors(value: unknown): readonly Descriptor[] | null {
  if (!Array.isArray(value)) return null;
  const all = value.map(readDescriptor);
  return all.every((descriptor) => descriptor !== null) ? all : null;
}

function readDescriptor(value: unknown): Descriptor | null {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Record<keyof Descriptor, unknown>>;
  return typeof mediaType === 'string' && typeof digest === 'string' && typeof size === 'number'
    ? { mediaType, digest, size }
    : null;
}
