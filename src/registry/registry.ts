import { Problem } from '../core/problem.ts';
import { isDigest } from './image-reference.ts';
import { MANIFEST_TYPES, parseManifest, type Descriptor, type Manifest } from './manifest.ts';
import type { Retries } from './retry.ts';
import { openTransport, type RegistryEndpoint } from './transport.ts';

export type { RegistryCredentials } from './authorize.ts';
export type { Descriptor, Manifest } from './manifest.ts';
export type { RegistryEndpoint } from './transport.ts';

/**
 * A registry that speaks the OCI distribution protocol
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). Every call may be repeated; each is tried
 * again by itself on 429, 5xx, broken answers and lost connections, after a pause or what Retry-After asks for, so an
 * error is final for now. Errors are Problems: `registry_failed`, `digest_mismatch`; an abort rejects with the
 * signal's reason. Repositories are named without the host.
 */
export interface Registry {
  readonly host: string;
  /** Resolves when the registry answers and accepts the credentials. */
  ping(signal?: AbortSignal): Promise<void>;
  /** `reference`: tag or digest. The bytes have the digest. Null: it is not there. */
  getManifest(repository: string, reference: string, signal?: AbortSignal): Promise<Manifest | null>;
  /** All tags of a repository; none where there is no such repository. */
  listTags(repository: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** The digest that a tag or digest names; null: it is not there. */
  headManifest(repository: string, reference: string, signal?: AbortSignal): Promise<string | null>;
  /** `reference`: tag, or the manifest's digest to put it untagged. */
  putManifest(repository: string, reference: string, manifest: Manifest, signal?: AbortSignal): Promise<void>;
  /** By digest only; takes all its tags along. False: it was not there. `registry_failed` 405 where deleting is off. */
  deleteManifest(repository: string, digest: string, signal?: AbortSignal): Promise<boolean>;
  hasBlob(repository: string, digest: string, signal?: AbortSignal): Promise<boolean>;
  /** Makes a blob of `from` one of `repository` too, moving no byte. False: the registry will not. */
  mountBlob(repository: string, digest: string, from: string, signal?: AbortSignal): Promise<boolean>;
  /** The same by download and upload, for registries that refuse mounts. */
  copyBlob(repository: string, blob: Descriptor, from: string, signal?: AbortSignal): Promise<void>;
}

const COPY_MS = 30 * 60_000;
const ACCEPT = { accept: MANIFEST_TYPES.join(', ') };

/** @param idleMs How long a copy may stand still: no byte moves, in either direction. Default: half an hour. */
export function openRegistry(endpoint: RegistryEndpoint, retries?: Retries, idleMs = COPY_MS): Registry {
  const transport = openTransport(endpoint, retries);
  const { host } = endpoint;

  const cancelUpload = async (location: string | null, scope: string): Promise<void> => {
    if (location === null) return;
    const expect = [202, 204, 404];
    await transport.send({ method: 'DELETE', path: location, scope, expect }).catch(() => undefined);
  };

  return {
    host,
    ping: async (signal) => {
      await transport.send({ method: 'GET', path: '/v2/', scope: '', expect: [200], signal });
    },

    getManifest: async (repository, reference, signal) => {
      const path = `/v2/${repository}/manifests/${reference}`;
      const request = { method: 'GET', path, scope: pull(repository), headers: ACCEPT, signal } as const;
      const { status, headers, bytes } = await transport.send({ ...request, expect: [200, 404] });
      if (status === 404) return null;
      const manifest = parseManifest(bytes, headers.get('content-type'));
      if (manifest === null)
        throw failed(host, status, `GET ${path}`, 'it is not a manifest that is understood');
      const expected = isDigest(reference) ? reference : headers.get('docker-content-digest');
      if (expected !== null && expected !== manifest.digest)
        throw new Problem('digest_mismatch', {
          what: `The manifest ${host}/${repository} ${reference}`,
          seen: manifest.digest,
          expected,
        });
      return manifest;
    },

    listTags: async (repository, signal) => {
      const tags: string[] = [];
      let path: string | null = `/v2/${repository}/tags/list`;
      for (let pages = 0; path !== null && pages < MOST_PAGES; pages++) {
        const request = { method: 'GET', path, scope: pull(repository), signal } as const;
        const { status, headers, bytes } = await transport.send({ ...request, expect: [200, 404] });
        if (status === 404) break;
        tags.push(...readTags(bytes));
        path = nextPage(headers.get('link'));
      }
      return tags;
    },

    headManifest: async (repository, reference, signal) => {
      const path = `/v2/${repository}/manifests/${reference}`;
      const request = { method: 'HEAD', path, scope: pull(repository), headers: ACCEPT, signal } as const;
      const { status, headers } = await transport.send({ ...request, expect: [200, 404] });
      if (status === 404) return null;
      const digest = isDigest(reference) ? reference : headers.get('docker-content-digest');
      if (digest === null)
        throw failed(host, status, `HEAD ${path}`, 'the header Docker-Content-Digest is missing');
      return digest;
    },

    putManifest: async (repository, reference, manifest, signal) => {
      const { headers } = await transport.send({
        method: 'PUT',
        path: `/v2/${repository}/manifests/${reference}`,
        scope: push(repository),
        headers: { 'content-type': manifest.mediaType },
        body: async () => new Uint8Array(manifest.bytes),
        expect: [200, 201],
        signal,
      });
      const stored = headers.get('docker-content-digest') ?? manifest.digest;
      if (stored !== manifest.digest)
        throw new Problem('digest_mismatch', {
          what: `The manifest put as ${host}/${repository} ${reference}`,
          seen: stored,
          expected: manifest.digest,
        });
    },

    deleteManifest: async (repository, digest, signal) => {
      const path = `/v2/${repository}/manifests/${digest}`;
      const scope = `repository:${repository}:delete,pull,push`;
      const { status } = await transport.send({
        method: 'DELETE',
        path,
        scope,
        expect: [200, 202, 404],
        signal,
      });
      return status !== 404;
    },

    hasBlob: async (repository, digest, signal) => {
      const path = `/v2/${repository}/blobs/${digest}`;
      const { status } = await transport.send({
        method: 'HEAD',
        path,
        scope: pull(repository),
        expect: [200, 404],
        signal,
      });
      return status === 200;
    },

    mountBlob: async (repository, digest, from, signal) => {
      const query = new URLSearchParams({ mount: digest, from });
      const path = `/v2/${repository}/blobs/uploads/?${query.toString()}`;
      const scope = `${push(repository)} ${pull(from)}`;
      const expect = [201, 202, 400, 404, 405];
      const { status, headers } = await transport.send({ method: 'POST', path, scope, expect, signal });
      if (status === 202) await cancelUpload(headers.get('location'), scope);
      return status === 201;
    },

    copyBlob: async (repository, blob, from, signal) => {
      const scope = push(repository);
      const start = `/v2/${repository}/blobs/uploads/`;
      const source = { method: 'GET', path: `/v2/${from}/blobs/${blob.digest}`, scope: pull(from) } as const;
      const { headers } = await transport.send({ method: 'POST', path: start, scope, expect: [202], signal });
      const location = headers.get('location');
      if (location === null) throw failed(host, 202, `POST ${start}`, 'the header Location is missing');
      const target = new URL(location, 'http://relative');
      target.searchParams.set('digest', blob.digest);
      const path = target.host === 'relative' ? `${target.pathname}${target.search}` : target.href;
      await transport.send({
        method: 'PUT',
        path,
        scope,
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
        body: async () => {
          const { body } = await transport.stream({ ...source, expect: [200], timeoutMs: COPY_MS, signal });
          return body ?? new Uint8Array();
        },
        expect: [201],
        timeoutMs: COPY_MS,
        idleMs,
        signal,
      });
    },
  };
}

/** A list that does not end is no list. */
const MOST_PAGES = 1_000;

/** A repository whose last tag went has `null` for tags. */
function readTags(bytes: Uint8Array): readonly string[] {
  const { tags } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { tags?: readonly string[] | null };
  return tags ?? [];
}

/** Where a list goes on: `Link: <…>; rel="next"` (RFC 8288); null at its end. */
function nextPage(link: string | null): string | null {
  return /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1] ?? null;
}

function pull(repository: string): string {
  return `repository:${repository}:pull`;
}

function push(repository: string): string {
  return `repository:${repository}:pull,push`;
}

function failed(host: string, status: number, request: string, cause: string): Problem {
  return new Problem('registry_failed', { host, status, request, cause });
}
