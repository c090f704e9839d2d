/**
 * Where the engine pushes to before anything of the image may be seen. One staging repository for each real one, so
 * that a registry's catalogue does not grow with the builds; builds are apart by tag and digest (ADR 0004).
 */
export interface Staging {
  /** Without host, e.g. `slipway-staging/shop/web`. */
  readonly repository: string;
  readonly tag: string;
}

export function stagingOf(repository: string, buildId: string): Staging {
  return { repository: `slipway-staging/${repository}`, tag: buildId };
}

/** The name by which the engine pushes it. */
export function stagingName(host: string, { repository, tag }: Staging): string {
  return `${host}/${repository}:${tag}`;
}
