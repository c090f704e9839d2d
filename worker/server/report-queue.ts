import { setTimeout } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import type { Report, ReportBody } from '../../src/core/work.ts';

export interface ReportQueueOptions {
  /** Sends one report until the server answered. */
  readonly send: (report: Report) => Promise<void>;
  /** Resolves when the logs are delivered that the report speaks of; rejects when they never will be. */
  readonly logsDelivered: (body: ReportBody) => Promise<unknown>;
  readonly nowMs: () => number;
}

/**
 * Reports of one lease, sent one by one in the order they were made. They live in memory: when the worker dies its
 * lease is over, and nothing that it still had to say would be taken.
 */
export class ReportQueue {
  readonly #options: ReportQueueOptions;
  #last: Promise<unknown> = Promise.resolve();
  /** Reports that the server has. */
  #accepted = 0;

  constructor(options: ReportQueueOptions) {
    this.#options = options;
  }

  /** Resolves when the report is durable at the server. @throws Problem when the server refuses it; later ones go on. */
  push(body: ReportBody): Promise<void> {
    const atMs = this.#options.nowMs();
    const sent = this.#last.then(() => this.#send(body, atMs));
    // The order of reports outlives the refusal of one, and nobody need wait for one.
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  /** Resolves when nothing waits to be sent. */
  async idle(): Promise<void> {
    for (let last: unknown; last !== this.#last;) {
      last = this.#last;
      await last;
    }
  }

  async #send(body: ReportBody, atMs: number): Promise<void> {
    await this.#options.logsDelivered(body);
    const report: Report = { ...body, n: this.#accepted + 1, atMs };
    for (let tries = 1; ; tries++) {
      try {
        await this.#options.send(report);
        this.#accepted += 1;
        return;
      } catch (error) {
        const isEarly = error instanceof Problem && error.code === 'log_not_ended' && tries < LOG_TRIES;
        if (!isEarly) throw error;
      }
      await setTimeout(LOG_PAUSE_MS);
    }
  }
}

/** Between two tries of a report whose log's end the server says it has not. */
const LOG_PAUSE_MS = 100;
const LOG_TRIES = 50;
