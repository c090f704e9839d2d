import type { DeploymentView } from '../src/core/views/deployment-view.ts';
import type { EnvironmentView, RouterEventView } from '../src/core/views/environment-view.ts';

/** Something in an environment's history: a deployment, or what its router did by itself. */
export type Happening =
  | { readonly kind: 'deployment'; readonly atMs: number; readonly deployment: DeploymentView }
  | { readonly kind: 'event'; readonly atMs: number; readonly event: RouterEventView };

/** Both in one line of time, newest first. A deployment stands where it was made. */
export function happeningsOf({
  history,
  events,
}: Pick<EnvironmentView, 'history' | 'events'>): readonly Happening[] {
  const all: Happening[] = [
    ...history.map((deployment) => ({
      kind: 'deployment' as const,
      atMs: deployment.createdAtMs,
      deployment,
    })),
    ...events.map((event) => ({ kind: 'event' as const, atMs: event.atMs, event })),
  ];
  return all.toSorted((a, b) => b.atMs - a.atMs);
}
