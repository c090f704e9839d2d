import { rm } from 'node:fs/promises';
import { Problem } from '../../src/core/problem.ts';
import type { TestReport } from '../../src/core/test-report.ts';
import {
  isLast,
  type CancelledStep,
  type LeaseSecrets,
  type ReportBody,
  type Signals,
  type Work,
} from '../../src/core/work.ts';
import { FRAMES_CONTENT_TYPE } from '../../src/protocol/frames.ts';
import type {
  ClaimAnswer,
  Effect,
  EffectAnswer,
  EffectRequest,
  ImageAnswer,
  ImageRequest,
  ReportsAnswer,
  ReportsRequest,
  SourceRequest,
  SplitAnswer,
  SplitRequest,
} from '../../src/protocol/worker.ts';
import { LogShipper } from '../logs/log-shipper.ts';
import { maskedValues, reasonMasker } from '../logs/mask-reasons.ts';
import type { LogSink } from '../log-sink.ts';
import type { NameImage } from '../steps/named-images.ts';
import type { DivideFiles, SendArtifact } from '../steps/workflow-context.ts';
import type { TakeArtifact } from '../workflow/take-artifacts.ts';
import { Heartbeat } from './heartbeat.ts';
import { LeaseLost, type Lease, type Stop } from './lease.ts';
import { leaseArtifacts } from './lease-artifacts.ts';
import { LeaseRequests } from './lease-requests.ts';
import { ReportQueue } from './report-queue.ts';
import { backOff, type ServerClient } from './server-client.ts';
import { sendTests } from './send-tests.ts';
import { SignalPoll } from './signal-poll.ts';

export interface HeldLeaseOptions {
  readonly client: ServerClient;
  readonly answer: ClaimAnswer;
  /** `performance.now()` when the claim was sent: the lease's time counts from before the server granted it. */
  readonly claimedAt: number;
  /** `performance.now()` when it was answered: from then on the server's time is counted. */
  readonly answeredAt: number;
  readonly heartbeatMs: number;
  readonly spoolDir: string;
  /** How long work goes on without an answer of the server; see `TIMES.serverAway`. */
  readonly serverAwayMs: number;
  /** Told of each report as it is made, with secrets masked. */
  readonly onReport?: (report: ReportBody) => void;
  /** Told of the values that this lease was given. */
  readonly onSecrets?: (values: readonly string[]) => void;
}

/** The server's time by a clock that nobody sets; this machine's where the server does not tell its own. */
function serverTime({ answer, answeredAt }: HeldLeaseOptions): () => number {
  const { nowMs = Date.now() } = answer;
  return () => Math.round(nowMs + performance.now() - answeredAt);
}

/**
 * A lease that this process holds. Its loops: heartbeats, signals, logs, reports.
 *
 * Its time having run out does not end the work by itself: a server that was down gives all its leases their whole
 * time again, and what needs the right is checked by the server, or waits in {@link confirm}. It is lost when the
 * server says so, or has not answered for `serverAwayMs`.
 */
export class HeldLease implements Lease {
  readonly id: string;
  readonly fence: number;
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly lost: AbortSignal;
  readonly sendArtifact: SendArtifact;
  readonly takeArtifact: TakeArtifact;
  /** Resolves when the loops have ended, however. */
  readonly ended: Promise<void>;
  readonly #options: HeldLeaseOptions;
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  /** Ends the loops. */
  readonly #over = new AbortController();
  readonly #requests: LeaseRequests;
  readonly #reports: ReportQueue;
  readonly #shipper: LogShipper;
  readonly #heartbeat: Heartbeat;
  readonly #poll: SignalPoll;
  /** By their ids. */
  readonly #cancelledSteps = new Map<string, CancelledStep>();
  #onCancelStep: (step: CancelledStep) => void = () => undefined;
  /** Without secrets there is nothing to mask. */
  #masked = (body: ReportBody): ReportBody => body;
  /** Resolves when the lease may be given back; null: it is not to be. */
  #givesBackAfter: Promise<unknown> | null = null;

  constructor(options: HeldLeaseOptions) {
    const { lease, work } = options.answer;
    this.#options = options;
    this.id = lease.id;
    this.fence = lease.fence;
    this.work = work;
    this.signal = this.#stop.signal;
    this.lost = this.#lost.signal;
    this.ended = new Promise((resolve) => this.#over.signal.addEventListener('abort', () => resolve()));
    this.#requests = new LeaseRequests({
      client: options.client,
      lease,
      over: this.#over.signal,
      onAnswer: (sentAt) => this.#heartbeat.heard(sentAt),
      onLost: (reason) => this.#lose(reason),
    });
    const artifacts = leaseArtifacts(options.spoolDir, this.#requests.ask, this.#requests.open);
    this.sendArtifact = artifacts.sendArtifact;
    this.takeArtifact = artifacts.takeArtifact;
    this.#shipper = new LogShipper({ spoolDir: options.spoolDir, post: (body) => this.#postLogs(body) });
    this.#reports = new ReportQueue({
      send: (reports) => this.#postReports({ reports }),
      logsDelivered: (body) => this.#logsDelivered(body),
      nowMs: serverTime(options),
    });
    this.#poll = new SignalPoll({
      ask: (seen, waitMs) => this.#requests.signals(seen, waitMs),
      onSignals: ({ cancel, cancelSteps = [] }) => {
        for (const step of cancelSteps) this.#cancelStep(step);
        if (cancel !== null) this.#stop.abort({ kind: 'cancelled', reason: cancel.reason } satisfies Stop);
      },
      onFailure: (error) => this.#requests.noticeEnd(error),
      over: this.#over.signal,
    });
    this.#heartbeat = new Heartbeat({
      ...options,
      ttlMs: lease.ttlMs,
      send: (timeoutMs) => this.#requests.heartbeat(timeoutMs),
      onSignals: (version) => this.#poll.catchUp(version),
      onLost: (reason) => this.#lose(reason),
      over: this.#over.signal,
    });
    void this.#heartbeat.run();
    void this.#poll.run();
  }

  onCancelStep(listener: (step: CancelledStep) => void): void {
    this.#onCancelStep = listener;
    for (const step of this.#cancelledSteps.values()) listener(step);
  }

  signals(): Signals {
    return this.#poll.signals;
  }

  /** The server says it until the step has ended. */
  #cancelStep(step: CancelledStep): void {
    if (this.#cancelledSteps.has(step.stepId)) return;
    this.#cancelledSteps.set(step.stepId, step);
    this.#onCancelStep(step);
  }

  async whenSignals(until: (signals: Signals) => boolean): Promise<Signals> {
    for (;;) {
      this.#requests.throwIfOver();
      if (until(this.#poll.signals)) return this.#poll.signals;
      await this.#poll.changed();
    }
  }

  holds(): boolean {
    return this.#heartbeat.holds();
  }

  async confirm(): Promise<void> {
    for (let failures = 0; !this.holds(); failures++) {
      this.#requests.throwIfOver();
      await this.#heartbeat.beat();
      if (!this.holds()) await this.#ready(backOff(failures, this.#over.signal));
    }
  }

  report(body: ReportBody): Promise<void> {
    const masked = this.#masked(body);
    this.#options.onReport?.(masked);
    return handled(this.#reports.push(masked));
  }

  effect(key: string, effect: Effect): Promise<Exclude<EffectAnswer, { state: 'pending' }>> {
    return handled(this.#effect({ key, effect }));
  }

  tests(attemptId: string, report: TestReport, signal: AbortSignal): Promise<boolean> {
    return sendTests(this.#requests.ask, attemptId, report, signal);
  }

  readonly divideFiles: DivideFiles = async (step, _of, files, signal) => {
    const body = { step, files: [...files] } satisfies SplitRequest;
    const answer = await this.#requests.ask({ method: 'POST', path: '/splits', body, signal });
    return (answer as SplitAnswer).division;
  };

  readonly nameImage: NameImage = async (name, found, signal) => {
    const body = { name, found } satisfies ImageRequest;
    try {
      return ((await this.#requests.ask({ method: 'POST', path: '/images', body, signal })) as ImageAnswer)
        .image;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') return found;
      throw error;
    }
  };

  async secrets(): Promise<LeaseSecrets> {
    const secrets = (await this.#requests.ask({ method: 'GET', path: '/secrets' })) as LeaseSecrets;
    this.#masked = reasonMasker(secrets);
    this.#options.onSecrets?.(maskedValues(secrets));
    return secrets;
  }

  async source(have: readonly string[], signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const body = { have } satisfies SourceRequest;
    return this.#requests.open({ method: 'POST', path: '/source', body, signal });
  }

  openLog(logId: string, secrets: readonly string[]): LogSink {
    return this.#shipper.open(logId, secrets);
  }

  async release(): Promise<void> {
    await this.#reports.idle();
    await this.#shipper.drained().catch(() => undefined);
    await this.#end({ kind: 'lost', reason: 'it was released' });
    if (this.#givesBackAfter === null) return;
    await this.#givesBackAfter.catch(() => undefined);
    await this.#requests.giveBack();
  }

  /**
   * Ends the loops at once; what was not delivered is given up.
   * @param givesBackAfter The lease is given back to the server once this has settled and the work was released.
   */
  async abandon(reason: string, givesBackAfter: Promise<unknown> | null = null): Promise<void> {
    if (!this.#over.signal.aborted) this.#givesBackAfter = givesBackAfter;
    await this.#lose(reason);
  }

  async #effect(request: EffectRequest): Promise<Exclude<EffectAnswer, { state: 'pending' }>> {
    for (let polls = 0; ; polls++) {
      const answer = (await this.#requests.ask({
        method: 'POST',
        path: '/effects',
        body: request,
      })) as EffectAnswer;
      if (answer.state !== 'pending') return answer;
      await this.#ready(backOff(polls, this.#over.signal));
    }
  }

  /** The end of the work waits for all its logs: what comes later is not taken. */
  async #logsDelivered(body: ReportBody): Promise<void> {
    if (body.type === 'step.finished') await this.#shipper.delivered(body.attemptId);
    if (isLast(body)) await this.#shipper.drained();
  }

  async #postLogs(body: Uint8Array): Promise<void> {
    try {
      await this.#requests.ask({ method: 'POST', path: '/logs', body, contentType: FRAMES_CONTENT_TYPE });
    } catch (error) {
      // A log with a hole is worth no more than none: the server cannot take the end of this work.
      if (error instanceof Problem) await this.#lose(error.message);
      throw error;
    }
  }

  async #postReports(body: ReportsRequest): Promise<void> {
    const last = body.reports.at(-1);
    const answer = (await this.#requests.ask({ method: 'POST', path: '/reports', body })) as ReportsAnswer;
    if (last === undefined) return;
    if (answer.accepted < last.n)
      throw new Error(`the server took ${answer.accepted} reports, not ${last.n}`);
    // With the last report the server ends the lease: to ask anything more would look like its loss.
    if (isLast(last)) await this.#end({ kind: 'lost', reason: 'its work has ended' });
  }

  async #lose(reason: string): Promise<void> {
    if (this.#over.signal.aborted) return;
    const stop: Stop = { kind: 'lost', reason };
    const end = this.#end(stop);
    this.#lost.abort(stop);
    this.#stop.abort(stop);
    await end;
  }

  async #end(stop: Stop): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort(stop);
    await this.#shipper.stop(new LeaseLost(stop));
    await rm(this.#options.spoolDir, { recursive: true, force: true }).catch(() => undefined);
  }

  async #ready(waiting: Promise<void>): Promise<void> {
    await waiting.catch(() => this.#requests.throwIfOver());
  }
}

/** Nobody has to await it: a rejection is then no unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
