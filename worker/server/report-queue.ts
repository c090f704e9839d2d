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
  readonly logs: Promise<unknown>;
  areLogsDelivered: boolean;
  readonly sent: PromiseWithResolvers<void>;
}

/**
 * Reports of one lease, sent in the order they were made. What has gathered while others were on their way goes together:
 * each request is a transaction of the server's. They live in memory: when the worker dies its lease is over, and nothing
 * that it still had to say would be taken.
 */
export class ReportQueue {
  readonly #options: ReportQueueOptions;
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> | null = null;
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
      logs: this.#options.logsDelivered(body),
      areLogsDelivered: false,
      sent: Promise.withResolvers(),
    };
    waiting.logs.then(
      () => (waiting.areLogsDelivered = true),
      () => undefined,
    );
    this.#waiting.push(waiting);
    this.#sending ??= this.#sendAll();
    return waiting.sent.promise;
  }

  /** Resolves when nothing waits to be sent. */
  async idle(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const [logs] = await Promise.allSettled([next.logs]);
      if (logs.status === 'rejected') {
        this.#waiting.shift();
        next.sent.reject(logs.reason);
        continue;
      }
      await this.#sendTogether(this.#takeReady());
    }
    this.#sending = null;
  }

  /** The first one, whose logs are delivered, and those behind it that can go along. */
  #takeReady(): readonly Waiting[] {
    const goesAlone = ({ body }: Waiting): boolean => ALONE.has(body.type);
    const [first] = this.#waiting;
    if (first !== undefined && goesAlone(first)) return this.#waiting.splice(0, 1);
    const isBehindEnd = (index: number): boolean => {
      const before = this.#waiting[index - 1];
      return before !== undefined && isLast(before.body);
    };
    const next = this.#waiting.findIndex(
      (one, index) => index > 0 && (!one.areLogsDelivered || goesAlone(one) || isBehindEnd(index)),
    );
    return this.#waiting.splice(0, Math.min(next < 0 ? Infinity : next, MOST_AT_ONCE));
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

/** The server may refuse these by its rules, and whoever made one waits for the answer. */
const ALONE: ReadonlySet<ReportBody['type']> = new Set(['deployment.phase', 'image.pushed']);
/** The server takes more, see `reportsRequest`. */
export const MOST_AT_ONCE = 50;
/** Between two tries of a report whose log's end the server says it has not. */
const LOG_PAUSE_MS = 100;
const LOG_TRIES = 50;
