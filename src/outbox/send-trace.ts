import type { OtlpProtocol } from '../core/otlp-protocol.ts';
import { readRetryAfter } from '../core/retry-after.ts';
import { TRACE_TARGET } from '../core/trace-context.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reading } from '../store/store.ts';
import { readExportAnswer, type ExportAnswer } from '../traces/export-answer.ts';
import { exportRequest, type ExportRequest } from '../traces/export-request.ts';
import { makeTrace } from '../traces/make-trace.ts';
import type { Attributes } from '../traces/span.ts';
import type { EffectHandler, EffectOutcome } from './outbox.ts';

/** Where traces go. */
export interface Collector {
  /** Full address, e.g. `https://collector.example.com/v1/traces`; it may hold a key, and is told to nobody. */
  readonly url: string;
  readonly protocol: OtlpProtocol;
  /** Secret, as they open the collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of this installation: `service.name` and what the operator adds. */
  readonly resource: Attributes;
}

export interface TraceDeps {
  readonly store: Reading;
  readonly clock: Clock;
  /** Null: traces that are recorded from a time when there was one are left out. */
  readonly collector: Collector | null;
  /** Address of the pages, without closing slash. */
  readonly publicUrl: string;
  /** Of Slipway. */
  readonly version: string;
  /** Told of each trace that the collector took, perhaps not all of it. */
  readonly onTaken: (taken: TakenTrace) => void;
  /** Told when the collector begins to be away, or to want no more for now. */
  readonly onAway: (reason: string) => void;
}

export interface TakenTrace {
  readonly subjectId: string;
  /** Spans that the collector did not want. */
  readonly rejected: number;
  /** What it says was wrong; empty where it says nothing. */
  readonly why: string;
}

const TIMEOUT_MS = 10_000;
/** What could not be sent for that long is given up; those behind it get their turn. */
const STALE_MS = 24 * 3_600_000;
/** Of those that wait for a collector that is away, so many are kept, the newest. */
const MOST_WAITING = 1_000;
/** A collector may hold traces off for so long and no longer. */
const MOST_WAIT_MS = 3_600_000;
/** Of an answer, so much is read, and so much of what it says is told. */
const ANSWER_BYTES = 64 * 1_024;
const SAID_CHARACTERS = 200;
/** A part of an address's path that is as long may be a key. */
const KEY_IN_PATH_CHARACTERS = 16;
/** OTLP 1.9, "Retryable Response Codes"; all other failures are final. */
const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Does an effect of kind `trace`: makes the spans of a build or a deployment and POSTs them by OTLP. It may be done
 * twice; ids and times are the same then.
 */
export function traceHandler(deps: TraceDeps): EffectHandler {
  let isAway = false;
  return async (payload, _key, signal) => {
    const { atMs, ...subject } = payload as { kind: 'build' | 'deployment'; id: string; atMs: number };
    const { collector } = deps;
    if (collector === null) return { state: 'done', detail: 'left out: this server sends no traces' };
    if (deps.clock.nowMs() - atMs > STALE_MS)
      return { state: 'failed', reason: 'given up: it could not be sent for a day' };
    if (isAway && (await isAheadOf(deps.store, MOST_WAITING)))
      return { state: 'failed', reason: `given up: ${MOST_WAITING} newer ones wait` };
    const trace = await makeTrace(deps.store, subject, deps.publicUrl);
    if (trace === null) return { state: 'done', detail: `left out: the ${subject.kind} was removed` };
    const resource = { 'service.version': deps.version, ...collector.resource, ...trace.resource };
    const request = exportRequest(collector.protocol, { ...trace, resource }, deps.version);
    const outcome = await send(deps, collector, { subjectId: subject.id, request }, signal);
    if (signal.aborted) return outcome;
    if (outcome.state === 'retry' && !isAway) deps.onAway(outcome.reason);
    isAway = outcome.state === 'retry';
    return outcome;
  };
}

/** Whether so many others wait behind the oldest that waits. */
async function isAheadOf({ db }: Reading, count: number): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('state')
    .where('target', '=', TRACE_TARGET)
    .orderBy('id', 'desc')
    .offset(count)
    .limit(1)
    .executeTakeFirst();
  return row?.state === 'pending';
}

async function send(
  deps: TraceDeps,
  collector: Collector,
  { subjectId, request }: { readonly subjectId: string; readonly request: ExportRequest },
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const { host } = new URL(collector.url);
  const headers = new Headers({ 'user-agent': 'Slipway', ...collector.headers });
  headers.set('content-type', request.contentType);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const response = await fetch(collector.url, {
      method: 'POST',
      body: request.body,
      headers,
      redirect: 'manual',
      signal: bounded,
    });
    const answer = await readAnswer(response);
    if (!response.ok) return refusal(response, { host, collector, answer, nowMs: deps.clock.nowMs() });
    const { rejected, why } = answer;
    deps.onTaken({ subjectId, rejected, why: tell(why, collector) });
    return { state: 'done', detail: `${host} answered ${response.status}` };
  } catch (error) {
    return { state: 'retry', reason: `${host} does not answer: ${causeOf(error)}` };
  }
}

/** One that is too long, or cut off, says nothing. */
async function readAnswer(response: Response): Promise<ExportAnswer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      parts.push(part);
      length += part.length;
      if (length > ANSWER_BYTES) break;
    }
  } catch {
    length = Infinity;
  }
  const body = Buffer.concat(length > ANSWER_BYTES ? [] : parts);
  return readExportAnswer(body, response.headers.get('content-type') ?? '');
}

function refusal(
  response: Response,
  {
    host,
    collector,
    answer,
    nowMs,
  }: {
    readonly host: string;
    readonly collector: Collector;
    readonly answer: ExportAnswer;
    readonly nowMs: number;
  },
): EffectOutcome {
  const said = answer.message === '' ? '' : `: ${tell(answer.message, collector)}`;
  const reason = `${host} answered ${response.status}${said}`;
  if (!RETRIED.has(response.status)) return { state: 'failed', reason };
  const afterMs = readRetryAfter(response.headers.get('retry-after'), nowMs);
  return { state: 'retry', reason, ...(afterMs !== null && { afterMs: Math.min(afterMs, MOST_WAIT_MS) }) };
}

/** What a collector says, for people: short, in one line, and without what opens it. */
function tell(text: string, collector: Collector): string {
  const masked = [...secretsOfHeaders(collector), ...secretsOfAddress(collector)]
    .filter((secret) => secret.length > 3)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return masked.replace(/\p{Cc}+/gu, ' ').slice(0, SAID_CHARACTERS);
}

const secretsOfHeaders = ({ headers }: Collector): readonly string[] =>
  Object.values(headers).flatMap((value) => [value, ...value.split(' ')]);

/** What may be a key in an address, as it is written there and as it is meant. */
function secretsOfAddress({ url }: Collector): readonly string[] {
  const { username, password, pathname, search, searchParams } = new URL(url);
  const written = [
    ...[username, password],
    ...pathname.split('/').filter((part) => part.length >= KEY_IN_PATH_CHARACTERS),
    ...search
      .slice(1)
      .split('&')
      .map((pair) => pair.slice(pair.indexOf('=') + 1)),
  ];
  return [...written, ...written.map(decode), ...searchParams.values()];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function causeOf(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'TimeoutError') return `nothing within ${TIMEOUT_MS / 1_000} s`;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? 'the connection ended';
}
