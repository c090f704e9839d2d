import type { BadEnd } from '../core/end.ts';
import type { RepositoryEvent } from '../core/event.ts';
import type { Labels } from '../core/labels.ts';
import type { BuildPlan } from '../core/plan.ts';
import type { LintProblemView } from '../core/views/lint-view.ts';
import type { ReplayView } from '../core/views/replay-view.ts';
import type { LeaseSecrets, Report, RouterRecord, TakenArtifact } from '../core/work.ts';
import type {
  ClaimAnswer,
  ClaimRequest,
  EffectAnswer,
  EffectRequest,
  HeartbeatAnswer,
  RegisterAnswer,
  RegisterRequest,
  ReportsAnswer,
  RouterEventsRequest,
  RouterRemovedAnswer,
  RouterRemovedRequest,
  SignalsAnswer,
  SplitAnswer,
  SplitRequest,
  ImageAnswer,
  ImageRequest,
  TestsRequest,
} from '../protocol/worker.ts';
import type { Note, Tx } from '../store/store.ts';
import type { RerunScope } from './rerun-build.ts';

/** What reading the pipeline file gave. */
export type PlanOutcome =
  | { readonly kind: 'plan'; readonly plan: BuildPlan; readonly warnings: readonly LintProblemView[] }
  /** The build ends with `failure`. */
  | { readonly kind: 'problems'; readonly problems: readonly LintProblemView[] }
  /** The file could not be read at all: the build ends with `status`. */
  | ({ readonly kind: 'ended' } & PlannedEnd);

/** The end of a build that gets no plan: a bad one, or there is nothing in it for the event. */
export type PlannedEnd =
  BadEnd | { readonly status: 'skipped'; readonly reason: string; readonly code?: null };

export interface NewBuild {
  readonly projectId: string;
  /** The delivery it comes from; its outcome becomes `built` (or `blocked`) in the same transaction. */
  readonly deliveryId: string | null;
  /** The id by whose time the build is ranked: of a second build's delivery, or made before a branch was read. */
  readonly arrivedWith?: string;
  readonly event: RepositoryEvent;
  /** Null: the file is not read yet, {@link Builds.planBuild} follows. */
  readonly outcome: PlanOutcome | null;
  /** Why it must not run until a person approves it; null for a trusted one. */
  readonly blocked: string | null;
}

export interface BuildReference {
  readonly buildId: string;
  readonly number: number;
}

/** A worker that has shown its token. */
export interface KnownWorker {
  readonly id: string;
  readonly name: string;
  readonly tokenHash: string;
  /** The process that holds its name; null before the first one. */
  readonly instance: string | null;
  readonly routers: readonly string[];
}

/** What a worker's token allows: its process may be less, never more. */
export interface WorkerAllowance {
  /** Routers that it may register with; it takes deployments of no other. */
  readonly routers: readonly string[];
  /** Labels that it may have; builds that want others go elsewhere. */
  readonly labels: Labels;
}

/** A lease whose token was shown, as found when the request came; each write looks again. */
export interface OpenLease {
  readonly id: string;
  readonly fence: number;
  readonly subject: {
    readonly kind: 'workflow' | 'deployment';
    readonly id: string;
    readonly attempt: number;
  };
}

/**
 * The state machine of builds and deployments: the one module that changes a status, by the table of
 * `core/status.ts`, in the transaction that appends the event. Every promise resolves after the commit.
 */
export interface Builds {
  /**
   * Records a build. A second call for the same delivery makes none and answers with the first (`isNew` false).
   * Its place among its project's builds is that of its delivery's arrival, however late that led to a build; one
   * without a delivery counts from now. Older builds of the same pull request that have not ended are cancelled.
   * @throws Problem `not_found` for the project.
   */
  createBuild(build: NewBuild): Promise<BuildReference & { readonly isNew: boolean }>;
  /** As {@link createBuild}, inside a transaction of the caller's. */
  createBuildIn(tx: Tx, build: NewBuild): Promise<BuildReference & { readonly isNew: boolean }>;
  /** Gives a pending build its plan, or its end. Harmless for one that has a plan or an end already. */
  planBuild(buildId: string, outcome: PlanOutcome): Promise<void>;
  /** @throws Problem `not_found`, `already_ended`. */
  cancelBuild(buildId: string, reason: string, note?: Note): Promise<void>;
  /**
   * Ends one step that runs, and with it those that depend on it; the rest of its build goes on.
   * @throws Problem `not_found`, `already_ended`, `step_not_running`, `step_not_alone`, `worker_too_old`.
   */
  cancelStep(stepId: string, reason: string, note?: Note): Promise<void>;
  /**
   * A new build of the same event and plan, in the same place of its branch's order. With `failed` it takes over what was
   * green and runs the rest again, in the same image. Also gives the path of its project.
   * @throws Problem `not_found`; for `failed` also `not_ended`, `nothing_failed`, `image_not_kept`.
   */
  rerunBuild(
    buildId: string,
    scope?: RerunScope,
    note?: Note,
  ): Promise<BuildReference & { readonly project: string }>;
  /** What a build that has ended was made of. @throws Problem `not_found`, `not_replayable`. */
  replay(buildId: string): Promise<ReplayView>;

  /**
   * Deploys an earlier release of the environment; never a rebuild.
   * @param deploymentId A successful deployment whose release is meant; null: what the page offers.
   * @throws Problem `not_found`, `nothing_to_roll_back`, `environment_removing`.
   */
  rollBack(
    environmentId: string,
    deploymentId: string | null,
    note?: Note,
  ): Promise<{ readonly deploymentId: string }>;
  /** @throws Problem `not_found`, `already_ended`, `conflict` once it is switching. */
  cancelDeployment(deploymentId: string, reason: string, note?: Note): Promise<void>;

  /**
   * Records that an environment goes: its waiting deployments are cancelled, and the worker of its router takes it off,
   * ends its apps, and says when nothing is left. Only then is it forgotten. Harmless twice.
   * @param volumes Names of those of its volumes that go with it; others stay.
   * @throws Problem `not_found`, `environment_busy` while a deployment runs, `request_wrong` for a volume it has not.
   */
  removeEnvironment(environmentId: string, volumes: readonly string[], note?: Note): Promise<void>;

  /** Has a notification target told something, to show whether it is reached. @throws Problem `not_found`. */
  tryNotification(projectId: string, targetId: string, note?: Note): Promise<void>;

  /**
   * Makes or replaces the token of the worker `name`: leases under the old one are over.
   * @param tokenHash sha256 of the token, hex; the token itself is never stored.
   */
  setWorkerToken(
    name: string,
    tokenHash: string,
    allows: WorkerAllowance,
    note?: Note,
  ): Promise<{ readonly workerId: string }>;

  /**
   * Ends the token of a worker, and with it its leases; the worker stays in the record.
   * @param worker Its name or its id.
   * @throws Problem `not_found`.
   */
  revokeWorkerToken(worker: string, note?: Note): Promise<{ readonly workerId: string }>;

  /**
   * Lets a worker drain: it gets nothing new, what it runs ends, and what was placed there and not begun goes elsewhere;
   * or, with false, lets it work again. It outlives the worker's process. Harmless twice.
   * @param worker Its name or its id.
   * @throws Problem `not_found`.
   */
  drainWorker(worker: string, draining: boolean, note?: Note): Promise<{ readonly workerId: string }>;

  // the worker protocol
  findWorker(tokenHash: string): Promise<KnownWorker | null>;
  /**
   * Gives the worker's name to a process; what an earlier one held is lost then (ADR 0012).
   * @throws Problem `worker_running` while the process that holds the name may live, `worker_superseded` for one that
   * lost it, `protocol_wrong`, `not_allowed` for another worker's name, `router_refused`, `label_refused`.
   */
  register(worker: KnownWorker, request: RegisterRequest): Promise<RegisterAnswer>;
  /**
   * The worker's process ends: it counts as away from now on, whatever it still says, and what was placed on it and not
   * begun goes elsewhere. Its name stays its own as long as it may live.
   */
  leave(worker: KnownWorker): Promise<void>;
  /** @param bearer The worker's own token: the lease's token is derived from it, so a repeated claim gets the same. */
  claim(worker: KnownWorker, bearer: string, request: ClaimRequest): Promise<ClaimAnswer>;
  /** @throws Problem `lease_lost`. */
  openLease(worker: KnownWorker, leaseId: string, leaseToken: string): Promise<OpenLease>;
  heartbeat(lease: OpenLease): Promise<HeartbeatAnswer>;
  /** One came that the record could not take: no lease is ended for its silence before all had their whole time again. */
  heartbeatMissed(): void;
  /** Its holder has ended the work and reports no end: what becomes of it is as with a lease that was lost. @throws Problem `lease_lost`. */
  giveUp(lease: OpenLease): Promise<void>;
  /** Answers as soon as the version is not `seen`, else after `waitMs`. */
  signals(lease: OpenLease, seen: number, waitMs: number, aborted?: AbortSignal): Promise<SignalsAnswer>;
  /** @throws Problem `lease_lost`, `log_not_ended`, `switch_refused`; reports before the refused one are taken in. */
  report(lease: OpenLease, reports: readonly Report[]): Promise<ReportsAnswer>;
  /** Records the effect and waits a little for its end. @throws Problem `lease_lost`, `conflict`. */
  effect(lease: OpenLease, request: EffectRequest): Promise<EffectAnswer>;
  /** Keeps a part of what the test reports of a step's attempt said. @throws Problem `lease_lost`, `not_allowed` for another's attempt. */
  keepTests(lease: OpenLease, request: TestsRequest): Promise<void>;
  /**
   * Which share of a step has which of its test files. @throws Problem `lease_lost`, `not_allowed` for a step that the
   * lease's workflow does not split, `split_no_room` where those of its build are too many.
   */
  divideFiles(lease: OpenLease, request: SplitRequest): Promise<SplitAnswer>;
  /**
   * What an image's name stands for in the build of the lease's workflow. @throws Problem `lease_lost`, `not_allowed` for a
   * name that no step or service of the workflow has.
   */
  nameImage(lease: OpenLease, request: ImageRequest): Promise<ImageAnswer>;
  leaseSecrets(lease: OpenLease): Promise<LeaseSecrets>;
  /** Logs that may be written under the lease. */
  logsOf(lease: OpenLease): Promise<ReadonlySet<string>>;
  /** The workflow that the lease is of. @throws Problem `lease_lost`; `not_allowed` for a deployment's. */
  workflowOf(lease: OpenLease): Promise<string>;
  /**
   * An artifact of another workflow that the lease's own takes.
   * @throws Problem `lease_lost`; `not_allowed` for a deployment's; `artifact_gone` for any other one, and one that has expired.
   */
  takenArtifact(lease: OpenLease, id: string): Promise<TakenArtifact>;

  // what the worker of a router asks; each @throws Problem `not_allowed` when it has not that router
  routerRecord(worker: KnownWorker, router: string): Promise<RouterRecord>;
  routerEvents(worker: KnownWorker, router: string, request: RouterEventsRequest): Promise<void>;
  /** Of these environments, which were to be removed, router and engine have nothing any more. */
  routerRemoved(
    worker: KnownWorker,
    router: string,
    request: RouterRemovedRequest,
  ): Promise<RouterRemovedAnswer>;
  /** The `app_<deployment>` logs that the worker of this router may write, of those named. */
  appLogsOf(worker: KnownWorker, router: string, logIds: readonly string[]): Promise<ReadonlySet<string>>;

  // dispatch
  /** Places a pending workflow on a worker; false when it is not waiting any more, or the worker takes no work any more. */
  place(workflowId: string, workerId: string): Promise<boolean>;
  /** Takes unclaimed placements of before `beforeMs` back. Returns the jobs that are to be forgotten. */
  unplaceBefore(
    beforeMs: number,
  ): Promise<readonly { readonly workflowId: string; readonly attempt: number; readonly workerId: string }[]>;
  /** Workers heard of within the lease time, by id, with their last sign of life (epoch ms). */
  connectedWorkers(): ReadonlyMap<string, number>;

  /** Brings the record forward from whatever it was left in; called at start and on a timer. */
  reconcile(): Promise<void>;
  /** Starts the timers: lease expiry each second, reconcile each `TIMES.reconciler`. */
  start(): void;
  stop(): Promise<void>;
}
