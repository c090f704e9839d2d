import type { Status } from '../src/core/status.ts';
import type { DeploymentView } from '../src/core/views/deployment-view.ts';

type Cause = DeploymentView['cause'];

/** What is done to a release, as a verb in the forms that statuses need. */
const VERBS: Readonly<
  Record<Cause, { readonly plain: string; readonly now: string; readonly done: string }>
> = {
  build: { plain: 'deploy', now: 'deploys', done: 'deployed' },
  rollback: { plain: 'roll back to', now: 'rolls back to', done: 'rolled back to' },
  manual: { plain: 'deploy by hand', now: 'deploys by hand', done: 'deployed by hand' },
};

/** What became of a deployment, to be read before its build. */
export function historyWords(cause: Cause, status: Status): string {
  const { plain, now, done } = VERBS[cause];
  const words: Readonly<Record<Status, string>> = {
    blocked: `waits to ${plain}`,
    pending: `waits to ${plain}`,
    running: now,
    success: done,
    failure: `tried to ${plain}`,
    error: `tried to ${plain}`,
    cancelled: `did not ${plain}`,
    skipped: `did not ${plain}`,
  };
  return words[status];
}
