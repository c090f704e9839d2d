import type { PushPlan } from './plan.ts';

/** The registry of a name that has no host. */
export const DOCKER_HUB = 'docker.io';

/**
 * Splits an image's name into host and path. The first part is a host when it has a dot, a port or a capital, or is
 * `localhost`; else the name has none (https://github.com/distribution/reference).
 */
export function splitHost(name: string): { readonly host: string | null; readonly path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  return /[.:A-Z]/.test(first) || first === 'localhost'
    ? { host: first, path: name.slice(slash + 1) }
    : { host: null, path: name };
}

/** `host[:port]` of the registry that a name is pulled from. */
export function registryHost(reference: string): string {
  return splitHost(reference).host ?? DOCKER_HUB;
}

/** A registry: `host[:port]`, and whether it speaks plain HTTP. */
export interface RegistryAddress {
  readonly host: string;
  readonly insecure: boolean;
}

/**
 * Where a plan pushes to: the registry that its repository names, else the server's.
 * Null: the plan pushes nothing, or names no registry where the server has none.
 */
export function pushTarget(
  push: PushPlan | null,
  ofServer: RegistryAddress | null,
): (RegistryAddress & { readonly repository: string }) | null {
  if (push === null) return null;
  const { host, path } = splitHost(push.repository);
  if (host !== null && host !== ofServer?.host) return { host, insecure: false, repository: path };
  return ofServer === null ? null : { ...ofServer, repository: path };
}
