import type { DeploymentCause } from './deployment.ts';
import type { EndStatus } from './status.ts';

/** What a target may want to be told of, and what each means to a person who chooses. */
export const NOTIFICATION_EVENTS = {
  'build.failed': 'a build failed',
  'build.recovered': 'a branch builds again after a failure',
  'build.ended': 'every build, however it ends',
  'deployment.done': 'a deployment is live',
  'deployment.failed': 'a deployment failed',
} as const;

export type NotificationEvent = keyof typeof NOTIFICATION_EVENTS;

/** Where a project's notifications go. `secret` signs the body; it goes in and is never told. */
export type NewTarget = TargetChoice &
  (
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
    | { readonly kind: 'email'; readonly addresses: readonly string[] }
  );

/** What is to be other about a target; what is left out stays. */
export interface TargetChange {
  readonly events?: TargetChoice['events'] | undefined;
  readonly branches?: TargetChoice['branches'] | undefined;
  /** Of a webhook. */
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  /** Of e-mail. */
  readonly addresses?: readonly string[] | undefined;
}

/** What of the events a target wants. */
export interface TargetChoice {
  readonly events: readonly NotificationEvent[];
  /**
   * Names of branches, in which `*` stands for any text; empty: every branch, and tags and pull requests too.
   */
  readonly branches: readonly string[];
}

/** A target as the API tells it. */
export interface NotificationTargetView extends TargetChoice {
  readonly id: string;
  readonly kind: 'webhook' | 'email';
  /** A webhook's origin, since the rest of its address may be a secret; or the e-mail addresses. */
  readonly to: readonly string[];
  readonly createdAtMs: number;
  /** How its last message stands; null while there is none. */
  readonly last: {
    readonly atMs: number;
    readonly state: 'pending' | 'done' | 'failed';
    /** What the receiver said, or why it was not told; null before the first try. */
    readonly result: string | null;
  } | null;
}

/** What a target is sent: the body of a webhook, the content of an e-mail. Times are epoch ms. */
export interface NotificationMessage {
  readonly event: NotificationEvent | 'test';
  readonly atMs: number;
  readonly project: string;
  /** Of the page that tells more, below the address of the pages. */
  readonly path: string;
  /** Null in a test, and in a deployment of a build that was removed. */
  readonly build: {
    readonly id: string;
    readonly number: number;
    readonly status: string;
    readonly reason: string | null;
    readonly event: 'push' | 'tag' | 'pull_request' | 'manual' | 'cron';
    /** Branch, tag, or `#12` of a pull request. */
    readonly ref: string;
    readonly commit: string;
    /** First line of the commit's message. */
    readonly message: string;
    readonly author: string;
    readonly startedAtMs: number | null;
    readonly finishedAtMs: number | null;
  } | null;
  /** Null in a message about a build. */
  readonly deployment: {
    readonly id: string;
    readonly environment: string;
    readonly status: string;
    readonly reason: string | null;
    readonly cause: DeploymentCause;
  } | null;
}

/** How a build that has ended counts: as good, as bad, or neither. */
const VERDICT: Readonly<Record<EndStatus, 'good' | 'bad' | null>> = {
  success: 'good',
  failure: 'bad',
  error: 'bad',
  cancelled: null,
  skipped: null,
};

/**
 * What the end of a build is, the most telling event first.
 * @param before How the last build of that branch before it ended that was good or bad; null for none.
 */
export function eventsOfBuild(status: EndStatus, before: EndStatus | null): readonly NotificationEvent[] {
  const verdict = VERDICT[status];
  if (verdict === 'bad') return ['build.failed', 'build.ended'];
  if (verdict === 'good' && before !== null && VERDICT[before] === 'bad')
    return ['build.recovered', 'build.ended'];
  return ['build.ended'];
}

/** What the end of a deployment is; one that was never to be (skipped, cancelled) is nothing. */
export function eventsOfDeployment(status: EndStatus): readonly NotificationEvent[] {
  const verdict = VERDICT[status];
  if (verdict === null) return [];
  return [verdict === 'good' ? 'deployment.done' : 'deployment.failed'];
}

/** Whether a target wants to be told: of one of these events, on this branch (null: a tag or a pull request). */
export function wants(
  { events, branches }: TargetChoice,
  happened: readonly NotificationEvent[],
  branch: string | null,
): boolean {
  if (!happened.some((event) => events.includes(event))) return false;
  if (branches.length === 0) return true;
  return branch !== null && branches.some((pattern) => fits(pattern, branch));
}

/** `*` is any text, also none, and also one with slashes. Never slower than the lengths multiplied. */
function fits(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}
