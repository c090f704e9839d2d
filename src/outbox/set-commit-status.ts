import type { CommitStatus } from '../core/commit-status.ts';
import type { GitHost, HostRepository } from '../ports/git-host.ts';
import type { Reading } from '../store/store.ts';
import { hostOutcome } from './host-outcome.ts';
import type { EffectHandler } from './outbox.ts';

export interface CommitStatusDeps {
  readonly store: Reading;
  readonly gitHost: Pick<GitHost, 'setStatus'>;
  /** Null for a project that has none, or is gone. */
  readonly connectionOf: (projectId: string) => Promise<HostRepository | null>;
  /** Address of the pages, without closing slash. */
  readonly publicUrl: string;
}

/**
 * Does an effect of kind `commit-status`. Statuses of one commit and context are one target of the outbox, so they are
 * set one after the other; one that has a later one behind it is left out.
 */
export function commitStatusHandler(deps: CommitStatusDeps): EffectHandler {
  return async (payload, key, signal) => {
    if (await hasSuccessor(deps.store, key))
      return { state: 'done', detail: 'left out: a later one follows' };
    const { projectId, path, ...status } = payload as CommitStatus & {
      projectId: string;
      commit: string;
      path: string;
    };
    const repository = await deps.connectionOf(projectId);
    if (repository === null) return { state: 'done', detail: 'left out: the project has no connection' };
    const targetUrl = `${deps.publicUrl}${path}`;
    const answer = await deps.gitHost.setStatus(repository, { ...status, targetUrl }, signal);
    return hostOutcome(answer, `${status.context}: ${status.state}`);
  };
}

/** Keys of these effects are their ids. */
async function hasSuccessor({ db }: Reading, id: string): Promise<boolean> {
  const later = await db
    .selectFrom('outbox as own')
    .innerJoin('outbox as later', 'later.target', 'own.target')
    .select('later.id')
    .where('own.id', '=', id)
    .where('later.id', '>', id)
    .limit(1)
    .executeTakeFirst();
  return later !== undefined;
}
