import { createHash } from 'node:crypto';
import { Octokit } from 'octokit';
import type { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostAnswer } from '../../ports/git-host.ts';
import { readFailure } from './read-failure.ts';
import { createTurns } from './turns.ts';

/**
 * GitHub ends a request that takes it longer than 10 s ("Best practices", "Timeouts"). One that we gave up after twice
 * that is over there too: it does not overtake the one that follows it.
 */
const TIMEOUT_MS = 20_000;
const MOST_PAUSE_MS = 3_600_000;
/** For each token one writing request after the other, a second between them ("Best practices", "Pause between mutative requests"). */
const WRITES_APART_MS = 1_000;

/** Who asks, and as whom it is limited. */
export interface Asker {
  /** What the rate limits count by; tokens of one kind share none. */
  readonly key: string;
  /** For messages, e.g. `the token of shop/web`. */
  readonly who: string;
  readonly octokit: Octokit;
  /** What must stand in no message. */
  readonly secret: string;
}

/** What is asked, for the message when it is refused. */
export interface Question<S extends z.ZodType> {
  /** After "was to", e.g. `set a status on shop/web`. */
  readonly what: string;
  /** What it needs, in the words of GitHub's pages. */
  readonly permission: string;
  /** What is read of the answer. */
  readonly answer: S;
  /** It changes something there. */
  readonly writes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Answered<T> {
  readonly data: T;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** Asks GitHub once. Rejects only with the reason of the question's signal. */
export type Ask = <S extends z.ZodType>(
  asker: Asker,
  question: Question<S>,
  send: (octokit: Octokit) => Promise<Answered<unknown>>,
) => Promise<HostAnswer<Answered<z.infer<S>>>>;

/**
 * Makes {@link Ask}. Who was told to wait is not sent until then, and waits longer each time that GitHub says so
 * without a time ("Rate limits for the REST API", "Exceeding the rate limit").
 */
export function createAsk(host: string, clock: Clock): Ask {
  const pauses = new Map<string, { readonly untilMs: number; readonly times: number }>();

  const turns = createTurns(WRITES_APART_MS);

  const ask: Ask = async (asker, question, send) => {
    const { who, key } = asker;
    const { what, permission, answer, signal } = question;
    const later = (cause: string, afterMs: number) =>
      ({ kind: 'later', afterMs, problem: new Problem('host_unavailable', { host, what, cause }) }) as const;
    const waitMs = (pauses.get(key)?.untilMs ?? 0) - clock.nowMs();
    if (waitMs > 0) return later(`it wants no requests for ${Math.ceil(waitMs / 1_000)} s more`, waitMs);
    try {
      const response = await unlessAborted(send(asker.octokit), signal);
      pauses.delete(key);
      const parsed = answer.safeParse(response.data);
      if (parsed.success) return { kind: 'ok', value: { data: parsed.data, headers: response.headers } };
      return later(`its answer is not as documented at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, 0);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = readFailure(error, clock.nowMs(), [asker.secret]);
      if (failure.kind === 'later')
        return later(failure.cause, failure.waitMs === 0 ? 0 : pause(key, failure.waitMs));
      const { status, cause } = failure;
      if (failure.kind === 'token_wrong')
        return { kind: 'refused', problem: new Problem('host_token_wrong', { host, who, status, cause }) };
      const code = failure.kind === 'refused' ? 'host_refused' : 'host_not_permitted';
      const details = { host, who, what, status, cause, permission };
      return { kind: 'refused', problem: new Problem(code, details) };
    }
  };

  return (asker, question, send) =>
    question.writes === true
      ? turns(asker.key, () => ask(asker, question, send), question.signal)
      : ask(asker, question, send);

  function pause(key: string, waitMs: number): number {
    const times = (pauses.get(key)?.times ?? 0) + 1;
    const ms = Math.max(waitMs, Math.min(MOST_PAUSE_MS, waitMs * 2 ** (times - 1)));
    pauses.set(key, { untilMs: clock.nowMs() + ms, times });
    return ms;
  }
}

/** Octokit's own words name addresses and tokens: they go nowhere. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Octokit without repetitions of its own: the outbox tries again. Nor does it throttle: its queue goes by the machine's
 * clock, and after one that was set back it sends nothing for as long ({@link createTurns}).
 */
export function octokitFor(api: string): typeof Octokit {
  return Octokit.defaults({
    baseUrl: api,
    userAgent: 'slipway',
    log: SILENT,
    request: { fetch: fetchInTime, log: SILENT },
    retry: { enabled: false },
    throttle: { enabled: false },
  });
}

/** Who asks with a token: a project's own, or one of an installation of the App. */
export function tokenAsker(api: string, token: string, who: string, key = keyOf(token)): Asker {
  return { key, who, secret: token, octokit: new (octokitFor(api))({ auth: token }) };
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('hex');

async function fetchInTime(url: string, init: RequestInit = {}): Promise<Response> {
  const time = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(url, { ...init, signal: time });
  } catch (error) {
    throw time.aborted ? new Error(`no answer within ${TIMEOUT_MS / 1_000} s`) : error;
  }
}
