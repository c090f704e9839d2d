import { Problem } from '../core/problem.ts';
import { parseImageReference } from './image-reference.ts';
import type { KnownManifests } from './known-manifests.ts';
import { openRegistry, type Registry, type RegistryCredentials } from './registry.ts';

/** What effects on registries need to reach them. */
export interface RegistryAccess {
  readonly loginOf: (host: string) => Promise<RegistryCredentials | null>;
  /** Whether the registry at `host` speaks plain HTTP. */
  readonly isInsecure: (host: string) => boolean;
  /** What effects have put, for those that name it next. */
  readonly known: KnownManifests;
}

/** Opens the registry of a repository that is named with its host. @throws Error when it is no such name. */
export async function openNamed(
  access: RegistryAccess,
  named: string,
): Promise<{ readonly registry: Registry; readonly repository: string }> {
  const { host, repository } = parseImageReference(named) ?? {};
  if (host === undefined || repository === undefined) throw new Error(`${named} names no repository`);
  const endpoint = { host, insecure: access.isInsecure(host), credentials: await access.loginOf(host) };
  return { registry: openRegistry(endpoint), repository };
}

/** The registry's words when it answered that it will not, so that another try is of no use; null for anything else. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof Problem) || error.code !== 'registry_failed') return null;
  const status = Number(error.details['status']);
  const isRefusal = status === 501 || (status >= 400 && status < 500 && status !== 408 && status !== 429);
  return isRefusal ? error.message : null;
}
