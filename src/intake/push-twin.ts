import type { PullRequestEvent, PushEvent } from '../core/event.ts';
import { readBuildPlan } from '../store/read/build-plan.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { DRAFT, planSource, partsOf } from './plan-source.ts';
import type { ProjectRow } from './project-row.ts';
import { findPushBuild } from './push-build.ts';
import { readSource, type Source } from './read-source.ts';
import { withSource } from './with-source.ts';

/** The push that brought a pull request's commit: its delivery came before, or has still to come. */
export interface PushTwin {
  readonly event: PushEvent;
  /** Null when its build has read it. */
  readonly source: Source | null;
  /** What is done for it. */
  readonly parts: ReadonlySet<string>;
}

/** What the push of a pull request's commit means: as its build has it, else as a push that comes now would. */
export async function findTwin(
  deps: IntakeDeps,
  project: ProjectRow,
  pull: PullRequestEvent,
): Promise<PushTwin> {
  const event = pushOf(pull);
  const build = await findPushBuild(deps.store, project.id, event);
  const plan = build === null ? null : await readBuildPlan(deps.store.db, build.id);
  if (plan !== null) return { event, source: null, parts: partsOf({ kind: 'plan', plan, warnings: [] }) };
  if (build?.status === 'skipped') return { event, source: null, parts: new Set() };
  const source = await readSource(deps, project, event);
  const parts = partsOf(planSource(deps.settings, project, event, source, DRAFT));
  return { event: withSource(event, source), source, parts };
}

function pushOf(pull: PullRequestEvent): PushEvent {
  const { commit, message, author, committedAtMs, actor, url, repository, sourceBranch, before } = pull;
  const shared = { commit, message, author, committedAtMs, actor, url, repository, before };
  return { kind: 'push', ...shared, branch: sourceBranch, changedFiles: null };
}
