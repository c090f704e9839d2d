import { RequestError } from 'octokit';

/** Why a question to GitHub had no good answer, in words that hold no token. */
export type Failure =
  | {
      readonly kind: 'token_wrong' | 'not_permitted' | 'refused';
      readonly status: number;
      readonly cause: string;
    }
  /** It may pass. `waitMs`: GitHub wants no request before that; 0 when it does not say. */
  | { readonly kind: 'later'; readonly cause: string; readonly waitMs: number };

const UNKNOWN_LIMIT_MS = 60_000;
const MOST_MS = 2 * 3_600_000;
const CAUSE_CHARACTERS = 200;

/**
 * Reads what octokit threw, by GitHub's documentation ("Best practices for using the REST API", "Rate limits for the
 * REST API", "Troubleshooting"): 403 and 429 with `Retry-After`, with `x-ratelimit-remaining: 0` or with the words of a
 * secondary limit pass; so do 5xx, time-outs and lost connections; 404 also means "may not see it". Pure.
 * @param secrets Values that must not come back out, wherever GitHub or the network repeats them.
 */
export function readFailure(error: unknown, nowMs: number, secrets: readonly string[]): Failure {
  if (!(error instanceof RequestError) || error.response === undefined)
    return { kind: 'later', cause: clean(causeOf(error), secrets), waitMs: 0 };
  const { status, headers } = error.response;
  const said = messageOf(error.response.data);
  const cause = said === '' ? `HTTP ${status}` : clean(said, secrets);
  const limitMs = waitOf(status, headers, said, nowMs);
  if (limitMs !== null) return { kind: 'later', cause: `rate limit: ${cause}`, waitMs: limitMs };
  if (status >= 500 || status === 408)
    return { kind: 'later', cause: `HTTP ${status}`, waitMs: clamp(retryAfterMs(headers, nowMs) ?? 0) };
  if (status === 401) return { kind: 'token_wrong', status, cause };
  return { kind: status === 403 || status === 404 ? 'not_permitted' : 'refused', status, cause };
}

type Headers = Readonly<Record<string, string | number | undefined>>;

/** How long GitHub wants no requests; null where that is not what it says. */
function waitOf(status: number, headers: Headers, said: string, nowMs: number): number | null {
  const isEmpty = String(headers['x-ratelimit-remaining']) === '0';
  const retryAfter = retryAfterMs(headers, nowMs);
  const isLimit = isEmpty || retryAfter !== null || /rate limit|abuse detection/i.test(said);
  if (status !== 429 && !(status === 403 && isLimit)) return null;
  if (retryAfter !== null) return clamp(retryAfter);
  const resetMs = Number(headers['x-ratelimit-reset']) * 1_000;
  // A second more, since both are whole seconds of GitHub's clock.
  if (isEmpty && resetMs > 0) return Math.max(1_000, clamp(resetMs - hostTime(headers, nowMs) + 1_000));
  return UNKNOWN_LIMIT_MS;
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const value = headers['retry-after'];
  if (value === undefined) return null;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(String(value)) - hostTime(headers, nowMs) : seconds * 1_000;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** The answer's own time, so that a clock of ours that is wrong does not make the wait wrong. */
function hostTime(headers: Headers, nowMs: number): number {
  const date = Date.parse(String(headers['date']));
  return Number.isNaN(date) ? nowMs : date;
}

const clamp = (ms: number): number => Math.min(MOST_MS, Math.max(0, ms));

function messageOf(data: unknown): string {
  if (typeof data !== 'object' || data === null) return '';
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  const details = Array.isArray(errors) ? errors.map(detailOf) : [];
  return [message, ...details].filter((part) => typeof part === 'string' && part !== '').join('; ');
}

/** "Troubleshooting the REST API", "Validation failed": a text, or an object with a message or a field and a code. */
function detailOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { message, field, code } = error as Readonly<Record<string, unknown>>;
  return message ?? [field, code].filter((part) => typeof part === 'string').join(' ');
}

function causeOf(error: unknown): string {
  const { message = '', cause } = (error ?? {}) as { message?: string; cause?: unknown };
  return cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : message;
}

/** The forms of GitHub's tokens ("About authentication to GitHub"), of a signed token and of an authorization header. */
const TOKENS =
  /\b(?:gh[a-z]_\w{16,}|github_pat_\w{16,}|v1\.[0-9a-f]{40}|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?:bearer|token|basic) +[\w+/=.-]{16,})/gi;

/** One short line without anything secret in it. */
function clean(text: string, secrets: readonly string[]): string {
  let line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  for (const secret of secrets) if (secret !== '') line = line.replaceAll(secret, '***');
  return line.replace(TOKENS, '***').slice(0, CAUSE_CHARACTERS).replace(/\.$/, '');
}
