import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { CATALOGUE, Problem, type ProblemCode } from '../../src/core/problem.ts';
import { askHttp, textOf } from './http-answer.ts';

export interface ServerRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/worker/v1`. */
  readonly path: string;
  /** An object is sent as JSON, bytes as they are. */
  readonly body?: object | Uint8Array;
  readonly contentType?: string;
  /** Token of the lease it is under. */
  readonly lease?: string;
  /** How long the answer may take; a frozen server is an absent one. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The server did not answer, or something between answered for it: it may have taken the request or not. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway';
}

export interface ServerClientOptions {
  /** Base address of the server. */
  readonly url: string;
  /** The worker's token. */
  readonly token: string;
  /** This process, as it registers. */
  readonly instance: string;
}

/** HTTP to one server, as one process of a worker. */
export class ServerClient {
  /** Called with every Problem that the server answers. */
  onProblem: (problem: Problem) => void = () => undefined;
  readonly #base: string;
  readonly #options: ServerClientOptions;

  constructor(options: ServerClientOptions) {
    this.#base = `${options.url.replace(/\/+$/, '')}/worker/v1`;
    this.#options = options;
  }

  /**
   * @returns The answer's JSON.
   * @throws Problem the server's, {@link ServerAway}, or the reason of `request.signal`.
   */
  async send(request: ServerRequest): Promise<unknown> {
    const time = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal === undefined ? time : AbortSignal.any([time, request.signal]);
    const { status, text } = await this.#heard(request, async () => {
      const answer = await this.#send(request, signal);
      return { status: answer.statusCode ?? 0, text: await textOf(answer) };
    });
    const json = parse(text);
    if (status === 200 && json !== undefined) return json;
    throw this.#refusal(request, status, json);
  }

  /**
   * @returns The answer's bytes as they come; they end early, with an error, where the answer is cut. The time is not
   * bounded: the signal ends it.
   * @throws As {@link send}.
   */
  async open(request: Omit<ServerRequest, 'timeoutMs'>): Promise<AsyncIterable<Uint8Array>> {
    const { status, answer, text } = await this.#heard(request, async () => {
      const answer = await this.#send(request, request.signal);
      const status = answer.statusCode ?? 0;
      return { status, answer, text: status === 200 ? '' : await textOf(answer) };
    });
    if (status === 200) return answer;
    throw this.#refusal(request, status, parse(text));
  }

  /** As {@link send}, again and again while the server is away or short of disk, until `signal` aborts. */
  sendUntilAnswered(request: ServerRequest): Promise<unknown> {
    return untilAnswered(() => this.send(request), request.signal);
  }

  /** As {@link open}, as {@link sendUntilAnswered}. */
  openUntilAnswered(request: Omit<ServerRequest, 'timeoutMs'>): Promise<AsyncIterable<Uint8Array>> {
    return untilAnswered(() => this.open(request), request.signal);
  }

  /** No redirect is followed: the token and the lease are for this server only. */
  #send(
    request: Omit<ServerRequest, 'timeoutMs'>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { method, body, lease } = request;
    return askHttp(this.#base + request.path, {
      method,
      headers: {
        authorization: `Bearer ${this.#options.token}`,
        'slipway-instance': this.#options.instance,
        ...(lease === undefined ? {} : { 'slipway-lease': lease }),
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body),
      signal,
    });
  }

  async #heard<T>(request: Omit<ServerRequest, 'timeoutMs'>, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      request.signal?.throwIfAborted();
      throw new ServerAway(`${request.method} ${request.path}: ${causeOf(error)}`, { cause: error });
    }
  }

  #refusal(request: Omit<ServerRequest, 'timeoutMs'>, status: number, json: unknown): Error {
    const problem = problemOf(json, status);
    if (problem !== null) this.onProblem(problem);
    return problem ?? new ServerAway(`${request.method} ${request.path}: HTTP ${status}`);
  }
}

async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await backOff(failures, signal);
  }
}

/** Whether the same request may succeed later without anybody having to change it. */
export function isPassing(error: unknown): boolean {
  return error instanceof ServerAway || (error instanceof Problem && PASSING.has(error.code));
}

/** Waits 50 ms, doubling to 1 s with each failure, somewhat more or less, so that workers do not come back all at once. */
export function backOff(failures: number, signal: AbortSignal | undefined): Promise<void> {
  return pause(Math.min(50 * 2 ** failures, 1_000) * (0.75 + Math.random() / 2), signal);
}

/** @throws the reason of `signal`, as soon as it aborts. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}

const PASSING: ReadonlySet<ProblemCode> = new Set([
  'internal',
  'database_away',
  'disk_full',
  'rate_limited',
  'lock_lost',
  'host_unavailable',
]);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The server's Problem, or null for an answer that is none: a proxy's, or one that the same request may not get again. A
 * refusal of a newer server that the catalogue here does not have is `refusal_unknown`, with that server's words.
 */
function problemOf(json: unknown, status: number): Problem | null {
  const { error } = (json ?? {}) as {
    error?: Partial<Record<'code' | 'message' | 'fix' | 'details', unknown>>;
  };
  if (typeof error?.code !== 'string' || status < 400) return null;
  const details = (error.details ?? {}) as Readonly<Record<string, string | number>>;
  if (Object.hasOwn(CATALOGUE, error.code)) return new Problem(error.code as ProblemCode, details);
  const { code, message, fix } = error;
  if (!isFinal(status) || typeof message !== 'string' || typeof fix !== 'string') return null;
  return new Problem('refusal_unknown', { code, cause: message.replace(/\.$/, ''), fix });
}

/** Too late, too early and too often pass by themselves; so may what the server failed in, but not a want of room. */
function isFinal(status: number): boolean {
  return (status < 500 && ![408, 425, 429].includes(status)) || status === 507;
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
