import type { TestReport } from '../../src/core/test-report.ts';
import type {
  CancelledStep,
  ClaimableJob,
  LeaseSecrets,
  ReportBody,
  RouterRecord,
  Signals,
  Work,
} from '../../src/core/work.ts';
import type {
  Effect,
  EffectAnswer,
  RouterEventsRequest,
  RouterRemovedRequest,
} from '../../src/protocol/worker.ts';
import type { QueueLogin } from '../../src/ports/queue-access.ts';
import type { LogSink } from '../log-sink.ts';
import type { NameImage } from '../steps/named-images.ts';
import type { DivideFiles, SendArtifact } from '../steps/workflow-context.ts';
import type { TakeArtifact } from '../workflow/take-artifacts.ts';

/** The worker's side of the protocol: who it is to the server, and what it may claim. */
export interface ServerConnection {
  readonly workerId: string;
  /** BullMQ queue of this worker. */
  readonly queue: string;
  /** Its own login at Redis; null: what the settings say. */
  readonly queueLogin: QueueLogin | null;
  /**
   * Aborts when the server does not take this process for the worker any more: its token was replaced, or it was
   * silent for so long that another process got its name. Its leases are lost then, nothing can be claimed: the
   * process should end. The reason is a {@link Stop}.
   */
  readonly dismissed: AbortSignal;
  /**
   * Claims what a job names. A refusal is a value: the job is dropped, the server places again what must run.
   * While the server is away it is tried again until `signal` aborts.
   */
  claim(job: ClaimableJob, signal?: AbortSignal): Promise<Claim>;
  /** What the worker of a router asks and tells outside of any lease. */
  router(name: string): RouterLink;
  /**
   * Asks the server whether this process holds its worker's name. True: it held it at a moment after the call. False:
   * another one does, or the server is away.
   */
  holdsName(): Promise<boolean>;
  /**
   * This process ends: the server is told, so that nothing new comes, and every lease counts as lost here. Each is given
   * back to the server when its work has been released, instead of running out there.
   */
  close(): Promise<void>;
}

/** The server for one router of this worker. While the server is away each call waits for it. */
export interface RouterLink {
  record(): Promise<RouterRecord>;
  events(events: RouterEventsRequest['events']): Promise<void>;
  /** Harmless twice. Returns the ids of those that the server has forgotten. */
  removed(request: RouterRemovedRequest): Promise<readonly string[]>;
  /** How many bytes of the log `app_<deployment>` the server has: where a worker that was started anew goes on. */
  logBytes(logId: string): Promise<number>;
  /** Opens an app's log, going on at `offset`; its `end` may be never. Once per log and process. */
  openLog(logId: string, secrets: readonly string[], offset: number): LogSink;
}

export type Claim =
  { readonly granted: true; readonly lease: Lease } | { readonly granted: false; readonly reason: string };

/** Why work must end. `cancelled`: report and ship as usual. `lost`: nothing is taken from us any more. */
export interface Stop {
  readonly kind: 'cancelled' | 'lost';
  readonly reason: string;
}

/**
 * The right to do one piece of work, and everything said to the server under it. All of it outlives an absence of
 * the server: promises settle when it is back, or reject with {@link LeaseLost}.
 */
export interface Lease<W extends Work = Work> {
  readonly id: string;
  readonly fence: number;
  readonly work: W;
  /** Aborts when the work must end, by a cancel or by the loss of the lease; its `reason` is a {@link Stop}. */
  readonly signal: AbortSignal;
  /** Aborts only when the lease is lost; its `reason` is a {@link Stop}. */
  readonly lost: AbortSignal;
  /** Calls the listener once for each step that is to end while the rest goes on, also for those told of already. */
  onCancelStep(listener: (step: CancelledStep) => void): void;
  /** What the server last said. */
  signals(): Signals;
  /** Resolves with the signals once `until` holds for them (at once if it does). Rejects when the lease is lost or released. */
  whenSignals(until: (signals: Signals) => boolean): Promise<Signals>;
  /** Whether the lease's time, as counted here, has not run out. False after a freeze, until the server answered. */
  holds(): boolean;
  /** Resolves when the lease is known to hold now: at once, or after an answer of the server. Before every effect of one's own. */
  confirm(): Promise<void>;
  /**
   * Tells the server; resolves when the report is durable there. Reports arrive in the order of the calls, each
   * once. A report of an end waits for the end of its log by itself. Secrets that were asked for are masked in its sentence.
   */
  report(body: ReportBody): Promise<void>;
  /** Tells what a step's test reports said; resolves when that is durable. False: the server is older and keeps none. Rejects when `signal` aborts. */
  tests(attemptId: string, report: TestReport, signal: AbortSignal): Promise<boolean>;
  /** See {@link DivideFiles}. @throws Problem of the server's answer. */
  readonly divideFiles: DivideFiles;
  /** See {@link NameImage}. A server that is older knows no names: then it is what was found. @throws Problem of the server's answer. */
  readonly nameImage: NameImage;
  /** See {@link SendArtifact}. @throws Problem `artifact_too_large`; an Error for a server that is older and keeps none. */
  readonly sendArtifact: SendArtifact;
  /** See {@link TakeArtifact}. @throws Problem `artifact_gone`; an Error where it comes broken again and again. */
  readonly takeArtifact: TakeArtifact;
  /** An effect on the outside, done by the server's outbox. Resolves when it is done or has failed for good. */
  effect(key: string, effect: Effect): Promise<Exclude<EffectAnswer, { state: 'pending' }>>;
  secrets(): Promise<LeaseSecrets>;
  /**
   * A Git bundle of the workflow's commit and the tags, without what `have` names. It may end early, with an error: then
   * it is to be asked for again.
   */
  source(have: readonly string[], signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Opens a log of this work. `secrets` are the values to mask; once per log. */
  openLog(logId: string, secrets: readonly string[]): LogSink;
  /**
   * The work has ended: waits for the last report and log to be durable, then ends the loops. A lease that the end of
   * this process cut short is given back then. Never rejects.
   */
  release(): Promise<void>;
}

/** Thrown by everything under a lease once it is lost. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(`The lease is lost: ${stop.reason}`);
    this.stop = stop;
  }
}

/** Why `signal` (of a {@link Lease}) aborted, or null while it has not. */
export function stopOf(signal: AbortSignal): Stop | null {
  return signal.aborted ? (signal.reason as Stop) : null;
}
