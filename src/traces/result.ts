import type { Status } from '../core/status.ts';
import type { Attributes } from './span.ts';

/** Longer reasons are cut. */
const REASON_CHARACTERS = 500;

/**
 * Values of `cicd.pipeline.result` and `cicd.pipeline.task.run.result` by OpenTelemetry's "Semantic conventions for CICD
 * spans"; what has not ended has none.
 */
const RESULTS: Readonly<Record<Status, string | null>> = {
  success: 'success',
  failure: 'failure',
  error: 'error',
  cancelled: 'cancellation',
  skipped: 'skip',
  pending: null,
  running: null,
  blocked: null,
};

interface Ended {
  readonly status: Status;
  readonly reason: string | null;
}

/** The result under `key`, with `error.type` where it is a bad one: `failure` or `error`, as the status. */
export function resultOf(key: string, { status }: Ended): Attributes {
  return { [key]: RESULTS[status], 'error.type': isBad(status) ? status : null };
}

/** What a span that ended so says went wrong; null for one that did not. */
export function errorOf({ status, reason }: Ended): string | null {
  return isBad(status) ? (reason ?? status).slice(0, REASON_CHARACTERS) : null;
}

function isBad(status: Status): boolean {
  return status === 'failure' || status === 'error';
}
