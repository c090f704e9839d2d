import { readEvent } from '../core/event.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { placeOf } from './read-source.ts';

/**
 * What a workflow's worker checks out, for a reader that has the commits and tags of `have`: from the mirror that its
 * plan was read from, so that the Git host is asked once, and a worker needs nothing that opens it.
 * @throws Problem as `Mirrors.bundle`.
 */
export async function bundleSource(
  deps: Pick<IntakeDeps, 'store' | 'mirrors' | 'secrets'>,
  workflowId: string,
  have: readonly string[],
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { event_json, ...project } = await deps.store.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .where('workflow.id', '=', workflowId)
    .selectAll('project')
    .select('build.event_json')
    .executeTakeFirstOrThrow();
  const place = await placeOf(deps, project, readEvent(event_json));
  return deps.mirrors.bundle(place, have, signal);
}
