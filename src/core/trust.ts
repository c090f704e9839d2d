import type { RepositoryEvent } from './event.ts';

/** Whether who may write to the repository stands behind the commit: not so for a fork's. */
export function isTrusted(event: RepositoryEvent): boolean {
  return event.kind !== 'pull_request' || !event.fromFork;
}
