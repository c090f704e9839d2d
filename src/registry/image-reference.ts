import { DOCKER_HUB, splitHost } from '../core/image-name.ts';

/** The parts of an image's name, `host/repository:tag@digest`, by the grammar of the distribution reference. */
export interface ImageReference {
  /** `host[:port]`; `docker.io` where the name has none. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const LONGEST_REPOSITORY = 255;

const HOST =
  /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::\d+)?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Null: not an image name. A name on Docker Hub without a slash is in `library`
 * (https://github.com/distribution/reference).
 */
export function parseImageReference(text: string): ImageReference | null {
  const [, name = '', tag = null, digest = null] = /^([^@]*?)(?::([^:/@]*))?(?:@(.*))?$/s.exec(text) ?? [];
  const { host: named, path } = splitHost(name);
  const host = named ?? DOCKER_HUB;
  const repository = host === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  const isValid =
    HOST.test(host) &&
    isRepository(repository) &&
    (tag === null || TAG.test(tag)) &&
    (digest === null || isDigest(digest));
  return isValid ? { host, repository, tag, digest } : null;
}

/** The name with everything it has, e.g. `host/repository@sha256:…`. */
export function formatImageReference({ host, repository, tag, digest }: ImageReference): string {
  return `${host}/${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

/** Whether `text` is a repository's path by the OCI distribution specification. */
export function isRepository(text: string): boolean {
  return text.length <= LONGEST_REPOSITORY && REPOSITORY.test(text);
}

/** Whether `text` is `sha256:` and 64 hex digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
