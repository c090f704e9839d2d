import { Problem } from '../core/problem.ts';
import { readRetryAfter } from '../core/retry-after.ts';
import { authorizer, type RegistryCredentials } from './authorize.ts';
import { limit, type Limited } from './limits.ts';
import { mayPass, pauseBefore, RETRIES, type Retries } from './retry.ts';

export interface RegistryEndpoint {
  /** `host[:port]`. */
  readonly host: string;
  /** True: plain HTTP. */
  readonly insecure: boolean;
  readonly credentials: RegistryCredentials | null;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Below the registry's root, e.g. `/v2/shop/web/manifests/latest`, or absolute as a Location header has it. */
  readonly path: string;
  /** Of the token specification, e.g. `repository:shop/web:pull`; empty: none. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each try. */
  readonly body?: () => Promise<Uint8Array<ArrayBuffer> | ReadableStream>;
  /** Statuses that are answers; others are failures. */
  readonly expect: readonly number[];
  /** Of one try; default 30 s. */
  readonly timeoutMs?: number;
  /** Of one try: longest time in which no byte of `body` leaves and no answer comes. Default: none. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Sends requests to one registry, again where that may help, with its authorization. */
export interface Transport {
  /** @throws Problem `registry_failed`; the signal's reason when it aborts. */
  send(request: RegistryRequest): Promise<RegistryAnswer>;
  /** One try, whose body is the caller's to read. */
  stream(request: RegistryRequest): Promise<Response>;
}

const ANSWER_MS = 30_000;
/** Docker Hub's registry does not answer under the name that its images have. */
const REAL_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

export function openTransport(endpoint: RegistryEndpoint, retries: Retries = RETRIES): Transport {
  const host = REAL_HOSTS[endpoint.host] ?? endpoint.host;
  const root = new URL(`${endpoint.insecure ? 'http' : 'https'}://${host}`).origin;
  const authorization = authorizer(endpoint.credentials);

  const ask = async (request: RegistryRequest, { signal, moved }: Limited): Promise<Response> => {
    const url = new URL(request.path, root);
    const header = url.origin === root ? authorization.header(request.scope) : null;
    const body = await request.body?.();
    return fetch(url, {
      method: request.method,
      headers: { ...request.headers, ...(header === null ? {} : { authorization: header }) },
      signal,
      ...(body === undefined ? {} : { body: told(body, moved), duplex: 'half' }),
    });
  };

  const limited = ({ timeoutMs, idleMs, signal }: RegistryRequest): Limited => {
    const limits = limit({ totalMs: timeoutMs ?? ANSWER_MS, idleMs: idleMs ?? null });
    if (signal === undefined) return limits;
    return { ...limits, signal: AbortSignal.any([signal, limits.signal]) };
  };

  const askAuthorized = async (request: RegistryRequest, limits: Limited): Promise<Response> => {
    const response = await ask(request, limits);
    limits.moved();
    if (response.status !== 401) return response;
    const challenge = response.headers.get('www-authenticate');
    const refusal = await keep(response);
    const isAnswered = await authorization.answer(request.scope, challenge, limits.signal);
    return isAnswered ? ask(request, limits) : refusal;
  };

  const failed = (request: RegistryRequest, status: number | string, cause: string): Problem => {
    const path = new URL(request.path, root).pathname;
    return new Problem('registry_failed', {
      host: endpoint.host,
      status,
      request: `${request.method} ${path}`,
      cause,
    });
  };

  const attempt = async (request: RegistryRequest): Promise<RegistryAnswer | Failure> => {
    const limits = limited(request);
    try {
      const response = await askAuthorized(request, limits);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (request.expect.includes(response.status))
        return { status: response.status, headers: response.headers, bytes };
      return {
        problem: failed(request, response.status, readErrors(bytes)),
        mayPass: mayPass(response.status),
        retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      return { problem: failed(request, 'nothing', explain(error)), mayPass: true, retryAfterMs: null };
    } finally {
      limits.end();
    }
  };

  return {
    send: async (request) => {
      for (let number = 1; ; number++) {
        const outcome = await attempt(request);
        if (!('problem' in outcome)) return outcome;
        if (!outcome.mayPass || number >= retries.attempts) throw outcome.problem;
        await pauseBefore(number + 1, retries, outcome.retryAfterMs, request.signal);
      }
    },
    stream: async (request) => {
      const response = await askAuthorized(request, limited(request));
      if (request.expect.includes(response.status)) return response;
      throw failed(request, response.status, readErrors(new Uint8Array(await response.arrayBuffer())));
    },
  };
}

interface Failure {
  readonly problem: Problem;
  readonly mayPass: boolean;
  readonly retryAfterMs: number | null;
}

/** A body that tells of each part that is taken of it. */
function told<B extends Uint8Array | ReadableStream>(body: B, moved: () => void): B | ReadableStream {
  if (!(body instanceof ReadableStream)) return body;
  const telling = new TransformStream<unknown, unknown>({
    transform: (chunk, controller) => {
      moved();
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(telling);
}

/** The response, read to its end so that its connection is free. */
async function keep(response: Response): Promise<Response> {
  const bytes = await response.arrayBuffer();
  return new Response(bytes, { status: response.status, headers: response.headers });
}

/** The errors of the distribution specification in an answer, else the start of its text. */
function readErrors(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: readonly { code?: string; message?: string }[] };
    const all = errors.map(({ code = '', message = '' }) => `${code} ${message}`.trim());
    if (all.length > 0) return all.join('; ').slice(0, 500);
  } catch {
    // not JSON: a proxy's page
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, 200) || 'no explanation';
}

/** `fetch failed` hides what happened in its causes. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? explain(error.cause) : error.message || error.name;
}
