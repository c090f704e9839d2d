/**
 * Where the engine pushes to before anything of the image may be seen. One staging repository for each real one, so
 * that a registry's catalogue does not grow with the builds; pushes are apart by tag, the lease's id, and by digest
 * (ADR 0004).
 */
export interface Staging {
  /** Without host, e.g. `slipway-staging/shop/web`. */
  readonly repository: string;
  readonly tag: string;
}

const PREFIX = 'slipway-staging/';

/** The staging repository of a real one; both without host. */
export function stagingRepository(repository: string): string {
  return `${PREFIX}${repository}`;
}

export function stagingOf(repository: string, leaseId: string): Staging {
  return { repository: stagingRepository(repository), tag: leaseId };
}

/** The name by which the engine pushes it. */
export function stagingName(host: string, { repository, tag }: Staging): string {
  return `${host}/${repository}:${tag}`;
}

/** Whether a local image name, `host/repository:tag`, is what the holder of that lease has staged. */
export function isStagedUnder(leaseId: string, name: string): boolean {
  return name.includes(`/${PREFIX}`) && name.endsWith(`:${leaseId}`);
}
