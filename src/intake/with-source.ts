import type { RepositoryEvent } from '../core/event.ts';
import { changedPaths, type Source } from './read-source.ts';

/** Steps are told of no more changed files than these, as in Woodpecker (`CI_PIPELINE_FILES`). */
const MOST_TOLD = 500;

/** The commit itself knows its message, its author and what changed better than a delivery does. */
export function withSource<E extends RepositoryEvent>(event: E, source: Source): E {
  const known = { ...event, ...source.info };
  if (event.kind !== 'push' && event.kind !== 'pull_request') return known;
  const paths = changedPaths(source);
  return { ...known, changedFiles: paths !== null && paths.length <= MOST_TOLD ? paths : null };
}
