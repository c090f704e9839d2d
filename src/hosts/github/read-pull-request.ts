import type { PullRequestEvent } from '../../core/event.ts';
import type { DeliveryMeaning } from '../delivery-meaning.ts';
import { findSkipMark } from '../skip-ci.ts';
import type { PullRequestPayload } from './payload.ts';
import { toActor, toRepository } from './to-core.ts';

/** The actions that bring a commit nobody has built for this pull request yet. */
const BUILT_ACTIONS = new Set(['opened', 'synchronize', 'reopened']);

/**
 * What a `pull_request` means. Trust follows the repository its head lives in, never a name that the
 * author chose: a head outside the base repository is a fork's, and so is one whose repository is gone.
 */
export function readPullRequest(payload: PullRequestPayload): DeliveryMeaning {
  const repository = payload.repository.full_name.toLowerCase();
  const ignored = (reason: string): DeliveryMeaning => ({ kind: 'ignored', repository, reason });
  if (!BUILT_ACTIONS.has(payload.action))
    return ignored(`nothing is built when a pull request is ${payload.action}`);
  const mark = findSkipMark(payload.pull_request.title);
  if (mark !== null) return ignored(`the pull request's title says ${mark}`);
  const event = toEvent(payload, repository);
  if (!event.fromFork) return { kind: 'event', repository, event };
  const head = payload.pull_request.head.repo?.full_name ?? 'a deleted repository';
  return {
    kind: 'blocked',
    repository,
    event,
    reason: `the pull request comes from the fork ${head}; builds of forks do not run yet`,
  };
}

function toEvent(payload: PullRequestPayload, repository: string): PullRequestEvent {
  const { pull_request: pull, sender } = payload;
  return {
    kind: 'pull_request',
    commit: pull.head.sha,
    message: '',
    author: { name: pull.user.login, email: '' },
    committedAtMs: null,
    actor: toActor(sender),
    url: pull.html_url ?? null,
    repository: toRepository(payload.repository),
    number: payload.number,
    title: pull.title,
    sourceBranch: pull.head.ref,
    targetBranch: pull.base.ref,
    targetCommit: pull.base.sha,
    before: payload.before ?? null,
    changedFiles: null,
    labels: pull.labels.map((label) => label.name),
    milestone: pull.milestone?.title ?? null,
    isDraft: pull.draft ?? null,
    fromFork: pull.head.repo?.full_name.toLowerCase() !== repository,
  };
}
