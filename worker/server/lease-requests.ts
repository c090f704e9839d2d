import { Problem } from '../../src/core/problem.ts';
import type { HeartbeatAnswer, SignalsAnswer } from '../../src/protocol/worker.ts';
import { LeaseLost, type Stop } from './lease.ts';
import type { ServerClient, ServerRequest } from './server-client.ts';

/** A request under a lease: its path begins behind that of the lease. */
export type LeaseRequest = Omit<ServerRequest, 'lease' | 'timeoutMs'>;

/** Sends one, again and again until the server has answered or the request's signal aborts. @throws LeaseLost, Problem. */
export type Ask = (request: LeaseRequest) => Promise<unknown>;

/** The same for an answer that is read as it comes. */
export type Open = (
  request: LeaseRequest & { readonly signal: AbortSignal },
) => Promise<AsyncIterable<Uint8Array>>;

export interface LeaseRequestsOptions {
  readonly client: ServerClient;
  readonly lease: { readonly id: string; readonly token: string };
  /** Aborts with a {@link Stop}: nothing is asked any more. */
  readonly over: AbortSignal;
  /** Told when a request was answered that was sent at `sentAt`, by `performance.now()`. */
  readonly onAnswer: (sentAt: number) => void;
  /** Told of the answer after which the server will not take anything under this lease. */
  readonly onLost: (reason: string) => Promise<void>;
}

/** What is sent to the server under one lease, with its token, until it is over. */
export class LeaseRequests {
  readonly #options: LeaseRequestsOptions;

  constructor(options: LeaseRequestsOptions) {
    this.#options = options;
  }

  readonly ask: Ask = async (request) => {
    this.throwIfOver();
    const sentAt = performance.now();
    try {
      const answer = await this.#options.client.sendUntilAnswered({
        ...this.#under(request),
        timeoutMs: ANSWER_MS,
      });
      this.#options.onAnswer(sentAt);
      return answer;
    } catch (error) {
      return this.#fail(error);
    }
  };

  readonly open: Open = async (request) => {
    this.throwIfOver();
    try {
      return await this.#options.client.openUntilAnswered(this.#under(request));
    } catch (error) {
      request.signal.throwIfAborted();
      return this.#fail(error);
    }
  };

  /** Once; an answer that takes longer than `timeoutMs` is none. */
  async heartbeat(timeoutMs: number): Promise<HeartbeatAnswer> {
    const request = this.#under({ method: 'POST', path: '/heartbeat', body: {} });
    return (await this.#options.client.send({ ...request, timeoutMs })) as HeartbeatAnswer;
  }

  /** Once; the server answers when there is more than was `seen`, or after `waitMs`. */
  async signals(seen: number, waitMs: number): Promise<SignalsAnswer> {
    const request = this.#under({ method: 'GET', path: `/signals?seen=${seen}&waitMs=${waitMs}` });
    const timeoutMs = waitMs + ANSWER_MS;
    return (await this.#options.client.send({ ...request, timeoutMs })) as SignalsAnswer;
  }

  /** Also when it is over here. A server that does not answer takes it for lost when its time is over. */
  async giveBack(): Promise<void> {
    const request = this.#under({ method: 'POST', path: '/give-up', body: {} });
    const signal = AbortSignal.timeout(GIVE_BACK_MS);
    await this.#options.client
      .sendUntilAnswered({ ...request, signal, timeoutMs: GIVE_BACK_MS })
      .catch(() => undefined);
  }

  /** Has the lease lost, where the server said so by `error`. */
  async noticeEnd(error: unknown): Promise<void> {
    if (error instanceof Problem && OVER.has(error.code)) await this.#options.onLost(error.message);
  }

  /** @throws LeaseLost */
  throwIfOver(): void {
    const { over } = this.#options;
    if (over.aborted) throw new LeaseLost(over.reason as Stop);
  }

  #under(request: LeaseRequest): Omit<ServerRequest, 'timeoutMs'> {
    const { lease, over } = this.#options;
    const signal = request.signal === undefined ? over : AbortSignal.any([request.signal, over]);
    return { ...request, signal, path: `/leases/${lease.id}${request.path}`, lease: lease.token };
  }

  /** Throws what `error` means for the one who asked; a lease that is over is noticed here. */
  #fail(error: unknown): never {
    void this.noticeEnd(error);
    this.throwIfOver();
    throw error;
  }
}

/** An answer that takes longer is none. */
const ANSWER_MS = 10_000;
const GIVE_BACK_MS = 3_000;

/** Answers after which the server will not take anything under this lease. */
const OVER: ReadonlySet<string> = new Set([
  'lease_lost',
  'worker_superseded',
  'worker_token_wrong',
  'protocol_wrong',
]);
