/**
 * The status of a build, a workflow, a step or a deployment.
 * `failure` is the user's doing, `error` is ours or the machine's.
 */
export type Status =
  'pending' | 'running' | 'success' | 'failure' | 'error' | 'cancelled' | 'skipped' | 'blocked';

/** A status that never changes again. `blocked` waits for a person, so it is not an end. */
export type EndStatus = 'success' | 'failure' | 'error' | 'cancelled' | 'skipped';

/** What may follow what. Ends have no successors: a re-run is a new row, never a reopened one. */
const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  blocked: ['pending', 'cancelled', 'skipped'],
  pending: ['running', 'failure', 'error', 'cancelled', 'skipped', 'blocked'],
  running: ['success', 'failure', 'error', 'cancelled', 'pending', 'skipped'],
  success: [],
  failure: [],
  error: [],
  cancelled: [],
  skipped: [],
};

/** Whether a row may go from `from` to `to`. `running → pending` is a new attempt after a lost lease. */
export function mayBecome(from: Status, to: Status): boolean {
  return TRANSITIONS[from].includes(to);
}

export function isEnd(status: Status): status is EndStatus {
  return TRANSITIONS[status].length === 0;
}

/** The worst of several ends, which is the whole's end: error over failure over cancelled over success. */
export function worst(statuses: readonly EndStatus[]): EndStatus {
  const order: readonly EndStatus[] = ['error', 'failure', 'cancelled', 'success', 'skipped'];
  return order.find((candidate) => statuses.includes(candidate)) ?? 'success';
}
