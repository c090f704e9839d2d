import { setTimeout } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { isLast, type Report, type ReportBody } from '../../src/core/work.ts';

export interface ReportQueueOptions {
  /**
   * Sends reports, at least one and at most {@link MOST_AT_ONCE}, until the server answered. It rejects when the server
   * refused one of them: then it has taken those before that one, and none after it. Those that it has taken it takes
   * again, as nothing new.
   */
  readonly send: (reports: readonly Report[]) => Promise<void>;
  /** Resolves when the logs are delivered that the report speaks of; rejects when they never will be. */
  readonly logsDelivered: (body: ReportBody) => Promise<unknown>;
  readonly nowMs: () => number;
}

interface Waiting {
  readonly body: ReportBody;
  readonly atMs: number;
  areLogsDelivered: boolean;
  readonly sent: PromiseWithResolvers<void>;
}

/**
 * Reports of one lease, sent in the order they were made, but for one thing: that a step has begun is told while ends before
 * it still wait for their logs, since what has begun is not repeated when this worker dies. What has gathered while others
 * were on their way goes together: each request is a transaction of the server's. They live in memory: when the worker dies
 * its lease is over, and nothing that it still had to say would be taken.
 */
export class ReportQueue {
  readonly #options: ReportQueueOptions;
  #waiting: readonly Waiting[] = [];
  #sending: Promise<void> | null = null;
  /** Resolves when another one may be ready. */
  #woken = Promise.withResolvers<void>();
  /** Reports that the server has. */
  #accepted = 0;

  constructor(options: ReportQueueOptions) {
    this.#options = options;
  }

  /** Resolves when the report is durable at the server. @throws Problem when the server refuses it; later ones go on. */
  push(body: ReportBody): Promise<void> {
    const waiting: Waiting = {
      body,
      atMs: this.#options.nowMs(),
      areLogsDelivered: false,
      sent: Promise.withResolvers(),
    };
    this.#waiting = [...this.#waiting, waiting];
    this.#options.logsDelivered(body).then(
      () => {
        waiting.areLogsDelivered = true;
        this.#woken.resolve();
      },
      (error: unknown) => {
        this.#leaveOut([waiting]);
        waiting.sent.reject(error);
        this.#woken.resolve();
      },
    );
    this.#sending ??= this.#sendAll();
    return waiting.sent.promise;
  }

  /** Resolves when nothing waits to be sent. */
  async idle(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#woken = Promise.withResolvers();
      const next = nextOf(this.#waiting);
      this.#leaveOut(next);
      await (next.length > 0 ? this.#sendTogether(next) : this.#woken.promise);
    }
    this.#sending = null;
  }

  #leaveOut(some: readonly Waiting[]): void {
    this.#waiting = this.#waiting.filter((one) => !some.includes(one));
  }

  /** What is refused is no number of the lease: the next report has its number. */
  async #sendTogether(together: readonly Waiting[]): Promise<void> {
    const reports = together.map(({ body, atMs }, index) => ({
      ...body,
      n: this.#accepted + 1 + index,
      atMs,
    }));
    try {
      await this.#send(reports);
      this.#accepted += reports.length;
      for (const { sent } of together) sent.resolve();
    } catch (error) {
      // Which one was refused is found out by sending each alone; the server has some of them.
      if (together.length > 1) for (const one of together) await this.#sendTogether([one]);
      else together[0]?.sent.reject(error);
    }
  }

  async #send(reports: readonly Report[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#options.send(reports);
      } catch (error) {
        const isEarly = error instanceof Problem && error.code === 'log_not_ended' && tries < LOG_TRIES;
        if (!isEarly) throw error;
      }
      await setTimeout(LOG_PAUSE_MS);
    }
  }
}

/** Those that go now, in one request. Pure. */
function nextOf(waiting: readonly Waiting[]): readonly Waiting[] {
  const next: Waiting[] = [];
  const held: ReportBody[] = [];
  for (const one of waiting) {
    if (!one.areLogsDelivered || !held.every((before) => mayOvertake(one.body, before))) {
      held.push(one.body);
      continue;
    }
    const isAlone = ALONE.has(one.body.type);
    if (isAlone && next.length > 0) break;
    next.push(one);
    if (isAlone || isLast(one.body) || next.length === MOST_AT_ONCE) break;
  }
  return next;
}

/** That a step has begun goes ahead of all but the end of the attempt that it may follow, and the end of the work. */
function mayOvertake(body: ReportBody, before: ReportBody): boolean {
  const isFollowed = before.type === 'step.finished' && before.again === true;
  return body.type === 'step.started' && !isFollowed && !isLast(before);
}

/** The server may refuse these by its rules, and whoever made one waits for the answer. */
const ALONE: ReadonlySet<ReportBody['type']> = new Set(['deployment.phase', 'image.pushed']);
/** The server takes more, see `reportsRequest`. */
export const MOST_AT_ONCE = 50;
/** Between two tries of a report whose log's end the server says it has not. */
const LOG_PAUSE_MS = 100;
const LOG_TRIES = 50;
