import { checkOfTests } from '../core/commit-check.ts';
import type { GitHost, HostRepository } from '../ports/git-host.ts';
import { readTestedBuild } from '../store/read/tested-build.ts';
import type { Reading } from '../store/store.ts';
import { hostOutcome } from './host-outcome.ts';
import type { EffectHandler } from './outbox.ts';

export interface CommitCheckDeps {
  readonly store: Reading;
  readonly gitHost: Pick<GitHost, 'hasApp' | 'showCheck'>;
  /** The App's where there is one; null for a project that has no connection, or is gone. */
  readonly connectionOf: (projectId: string) => Promise<HostRepository | null>;
  /** Address of the pages, without closing slash. */
  readonly publicUrl: string;
  /** A project has a token alone, or the server no App, so that nothing can be shown in files; told once of each. */
  readonly onTokenAlone: (repository: string) => void;
}

/**
 * Does an effect of kind `commit-check`: makes the check of a build's tests of the record, which its end has made final,
 * and shows it. What the host has of it already is not shown again.
 */
export function commitCheckHandler(deps: CommitCheckDeps): EffectHandler {
  const told = new Set<string>();
  return async (payload, _key, signal) => {
    const { projectId, buildId, context } = payload as Record<'projectId' | 'buildId' | 'context', string>;
    const repository = await deps.connectionOf(projectId);
    if (repository === null) return { state: 'done', detail: 'left out: the project has no connection' };
    if (repository.access.kind === 'token' || !deps.gitHost.hasApp) {
      if (!told.has(projectId)) deps.onTokenAlone(repository.name);
      told.add(projectId);
      return { state: 'done', detail: 'left out: only a GitHub App may make check runs' };
    }
    const build = await readTestedBuild(deps.store.db, buildId);
    if (build === null) return { state: 'done', detail: 'left out: the build was removed' };
    const check = checkOfTests(build, `${deps.publicUrl}/builds/${buildId}`);
    const answer = await deps.gitHost.showCheck(repository, check, signal);
    return hostOutcome(answer, `${context}: ${check.conclusion}, ${check.annotations.length} annotations`);
  };
}
