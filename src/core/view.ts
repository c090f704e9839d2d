import type { DeploymentCause, DeploymentPhase, SlotIndex, SlotRole } from './deployment.ts';
import type { BuiltImage, PushedImage } from './image.ts';
import type { Input, InputValues } from './input.ts';
import type { Labels } from './labels.ts';
import type { MatrixValues, SharePlan, WorkflowPlan } from './plan.ts';
import type { FoundLines, LogLine, LogState } from './log.ts';
import type { NamedImage } from './named-image.ts';
import type { Division } from './split.ts';
import type { Status } from './status.ts';
import type { TestCounts, TestResult, TestStatus } from './test-report.ts';
import type { StepKind, TakenWork } from './work.ts';

/**
 * What `/api/v1` answers and the pages show. Times are epoch ms; null means "not yet" or "none".
 * A live page opens `GET /api/v1/stream?…` once (server-sent events) and gets {@link StreamMessage}s.
 */
export interface ProjectView {
  readonly id: string;
  /** Unique, e.g. `shop/web`. */
  readonly path: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  readonly createdAtMs: number;
  readonly secretNames: readonly string[];
  /** How its Git host is told of builds: with a token of its own, as the server's App, or not at all. */
  readonly connection: 'token' | 'app' | null;
  /** Projects that may include its files, by path (`shop/web`), folder (`shop/*`) or all (`*`). */
  readonly sharedWith: readonly string[];
  /** When its removal was asked for, which waits for its builds to end; null: it stays. */
  readonly removingSinceMs: number | null;
  readonly lastBuild: BuildSummary | null;
}

export interface BuildSummary {
  readonly id: string;
  readonly number: number;
  readonly projectId: string;
  readonly projectPath: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly event: 'push' | 'tag' | 'pull_request' | 'manual' | 'cron';
  /** Branch, tag, or `#12` of a pull request. */
  readonly refName: string;
  readonly commit: string;
  readonly commitUrl: string | null;
  readonly message: string;
  readonly author: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** For a waiting build: its place in the whole queue from 1, and why it waits. */
  readonly waiting: { readonly place: number; readonly why: string } | null;
  /** How its deployments stand: in a list the last into each environment, in {@link BuildView} all. */
  readonly deployments: readonly DeploymentSummary[];
}

export type DeploymentSummary = Pick<DeploymentView, 'id' | 'environment' | 'status' | 'reason'>;

export interface BuildView extends BuildSummary {
  readonly deliveryId: string | null;
  readonly rerunOf: string | null;
  /** Null too when that build was removed. */
  readonly rerunOfNumber: number | null;
  /** Of a build by hand: input → value, those of the person and the defaults. */
  readonly inputs: InputValues;
  /** The build of which only what failed runs again here, what was green being taken over; null: all runs. */
  readonly rerunFrom?: BuildReferenceView | null;
  /** Problems of the pipeline file, when that is why it failed. */
  readonly problems: readonly LintProblemView[];
  readonly warnings: readonly LintProblemView[];
  readonly workflows: readonly WorkflowView[];
  readonly image: (BuiltImage & { readonly durationMs: number | null }) | null;
  readonly pushed: (PushedImage & { readonly tags: readonly string[] }) | null;
  readonly deployments: readonly DeploymentView[];
  /** What its steps have left to be kept; absent in what an older server tells. */
  readonly artifacts?: readonly ArtifactView[];
  /** What went wrong beside it and did not change it; empty for most. */
  readonly notices: readonly NoticeView[];
}

/** When builds of a project's default branch are made by the clock, as its pipeline file says. */
export interface ScheduleView {
  readonly name: string;
  /** As in the file. */
  readonly expression: string;
  /** Name in the database of IANA. */
  readonly timezone: string;
  /** False: a person has stopped it. */
  readonly enabled: boolean;
  /** The next times, rising; one that has passed is about to be dealt with. Empty while it is stopped. */
  readonly nextMs: readonly number[];
  /** The newest that it made; null: none, or it was removed. */
  readonly lastBuild: { readonly id: string; readonly number: number; readonly status: Status } | null;
  /** Why no build was made for a time that has passed; it is tried again. */
  readonly problem: string | null;
}

/** What the pipeline files at the newest commit of a branch ask for when a build is started by hand. */
export interface InputsView {
  readonly branch: string;
  readonly commit: string;
  /** None where the files have errors. */
  readonly inputs: readonly Input[];
  /** Why it is not known what they ask for; a build says what is wrong with them. Null: it is known. */
  readonly problem: string | null;
}

/** What it takes to run a build again elsewhere: `GET /api/v1/builds/:build/replay`. Nothing in it is secret. */
export interface ReplayView {
  readonly id: string;
  readonly number: number;
  readonly projectPath: string;
  /** Where the commit is. */
  readonly clone: { readonly url: string; readonly ref: string; readonly commit: string };
  /** What it was a build of, and whether it was given secrets and logins: not so for one from a fork; null, or left out by an older server: of none. */
  readonly pullRequest: { readonly number: number; readonly isTrusted: boolean } | null;
  /** Number of the build of which it ran only what had failed; null: it ran all. The workflows are whole in both cases. */
  readonly failedPartOf: number | null;
  readonly workflows: readonly ReplayWorkflowView[];
}

export interface ReplayWorkflowView extends WorkflowPlan {
  readonly status: Status;
  /** Of its steps, as they were. */
  readonly variables: Readonly<Record<string, string>>;
  /** The image that its steps ran in, where a registry was given it; null: none, or none that was pushed. */
  readonly image: RecordedImage | null;
  /** What the names of its images stood for; those that it came to. Absent: the server is older, as for the next two. */
  readonly images?: Readonly<Record<string, NamedImage>>;
  /** Which share had which test files, by the step in the file; those that were divided. */
  readonly divisions?: Readonly<Record<string, Division>>;
  /** What it takes of other workflows of the build, as it is there now; null: nothing. */
  readonly takes?: TakenWork | null;
}

/** An image of a registry, with the Id that an engine had it by. */
export interface RecordedImage {
  /** `host/repository@sha256:…`. */
  readonly reference: string;
  readonly imageId: string;
}

/** Files of a step, as one archive: `GET /api/v1/artifacts/:artifact`. */
export interface ArtifactView {
  readonly id: string;
  readonly name: string;
  readonly step: string;
  readonly files: number;
  readonly bytes: number;
  /** Of the archive. */
  readonly digest: string;
  /** Null: with its build. */
  readonly expiresAtMs: number | null;
}

export interface BuildReferenceView {
  readonly id: string;
  readonly number: number;
}

/**
 * Of a workflow that runs again where only what failed does: the steps that run, those that stay green, and those that
 * run after a failure alone.
 */
export interface FailedPartView {
  readonly workflow: string;
  readonly again: readonly string[];
  readonly kept: readonly string[];
  readonly afterFailure: readonly string[];
}

export interface NoticeView {
  readonly atMs: number;
  /** Contexts of the commit statuses that were not set. */
  readonly about: readonly string[];
  /** Why, and what to do. */
  readonly text: string;
}

export interface LintProblemView {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly file: string;
  /** From 1; column counts UTF-16 units from 1. */
  readonly line: number;
  readonly column: number;
  /** Absent in builds of before it was kept. */
  readonly excerpt?: Excerpt;
}

/** What is shown of the line: `length` UTF-16 units of `text` from `start` (from 0) are what the problem is about. */
export interface Excerpt {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** Of a pipeline file, without an event: its problems and warnings in the file's order; `ok` without errors. */
export interface LintView {
  readonly ok: boolean;
  readonly problems: readonly LintProblemView[];
}

export interface WorkflowView {
  readonly id: string;
  readonly name: string;
  /** Its combination of the matrix; null: it has none. */
  readonly matrix: MatrixValues | null;
  /** Names of workflows of its build that must be over first. */
  readonly dependsOn: readonly string[];
  readonly status: Status;
  readonly reason: string | null;
  readonly attempt: number;
  readonly workerName: string | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly steps: readonly StepView[];
  /** The build in which it was green, from which it is taken over without running again; absent: it is this build's own. */
  readonly carriedFrom?: CarriedView;
}

/** Where something was green that this build has not run again; null: that build was removed. */
export type CarriedView = BuildReferenceView | null;

export interface StepView {
  readonly id: string;
  readonly kind: StepKind;
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly dependsOn: readonly string[];
  readonly attempts: readonly StepAttemptView[];
  /** As that of its workflow: its attempts are those of that build. */
  readonly carriedFrom?: CarriedView;
  /** Somebody wants it to end, and it has not yet. */
  readonly cancelling?: true;
  /** Of one that runs beside others with a part of a step's work: which, from 1, of how many, of which step of the file. */
  readonly share?: Pick<SharePlan, 'step' | 'share' | 'of'>;
  /** Of a step or service that names its image: what the name stood for when it ran, or will. Absent: nobody has told. */
  readonly image?: StepImageView;
}

export interface StepImageView extends NamedImage {
  /** As in the file. */
  readonly name: string;
}

/**
 * Every try of what a build is of, beside one another: of the build itself, of those that it runs again, and of those that
 * run it again. Workflows in the order of the newest build, and in each only steps that were tried more than once.
 */
export interface AttemptsView {
  readonly workflows: readonly {
    readonly name: string;
    readonly matrix: MatrixValues | null;
    readonly steps: readonly {
      readonly kind: StepKind;
      readonly name: string;
      /** The oldest first. */
      readonly attempts: readonly TriedView[];
    }[];
  }[];
}

export interface TriedView extends Omit<StepAttemptView, 'tests'> {
  readonly buildId: string;
  readonly buildNumber: number;
  /** Null: it was not recorded, or the worker is gone. */
  readonly workerName: string | null;
}

export interface StepAttemptView {
  readonly id: string;
  readonly attempt: number;
  readonly status: Status;
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Id for `/api/v1/logs/:log`. */
  readonly logId: string;
  /** What its test reports came to; absent while none came. */
  readonly tests?: TestCounts;
}

/** What the test reports of a build said; of a step that ran several times, the last time with a report counts. */
export interface BuildTestsView {
  readonly counts: TestCounts;
  readonly reports: readonly {
    readonly attemptId: string;
    readonly workflow: string;
    readonly step: string;
    readonly files: number;
    readonly counts: TestCounts;
    /** Why it is not the whole truth; null: it is. */
    readonly note: string | null;
  }[];
  /** Steps that have ended and were to report, with no report: their worker is older than this server, or lost its files. */
  readonly missing: readonly string[];
  /** Those that did not pass first, then flaky ones. */
  readonly items: readonly TestView[];
  /** Pass as `before` for more; null at the end. */
  readonly next: string | null;
}

export interface TestView extends TestResult {
  /** Names it in `GET /api/v1/projects/:project/tests?test=`. */
  readonly key: string;
  readonly workflow: string;
  readonly step: string;
  /** Id of the log of the attempt that it is of. */
  readonly logId: string;
  /** On the very commit of this build it has passed and it has not. */
  readonly flaky: boolean;
}

/** How a test ended in a build, of those that are kept. */
export interface TestRunView {
  readonly buildId: string;
  readonly buildNumber: number;
  readonly refName: string;
  readonly commit: string;
  readonly atMs: number;
  readonly status: TestStatus;
  readonly durationMs: number | null;
  readonly message: string | null;
}

export interface DeploymentView {
  readonly id: string;
  readonly environmentId: string;
  readonly environment: string;
  readonly status: Status;
  readonly phase: DeploymentPhase;
  readonly reason: string | null;
  /** What is missing for its turn to begin, to be read after "waits for"; null when nothing is. */
  readonly waitingFor: string | null;
  readonly cause: DeploymentCause;
  readonly buildId: string | null;
  readonly buildNumber: number | null;
  readonly digest: string | null;
  readonly commit: string | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly switchedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly logId: string;
}

export interface EnvironmentView {
  readonly id: string;
  readonly projectId: string;
  readonly projectPath: string;
  readonly name: string;
  /** Public URLs. */
  readonly urls: readonly string[];
  /** Epoch ms since when it is being removed; null: it stays. */
  readonly removingSinceMs: number | null;
  /** What its removal waits for, as was last heard; null: nothing, or it stays. */
  readonly removalWaitsFor: string | null;
  /** Names of volumes that its deployments have had. */
  readonly volumes: readonly string[];
  readonly slots: readonly {
    readonly index: SlotIndex;
    readonly role: SlotRole;
    readonly digest: string | null;
    readonly commit: string | null;
    readonly buildNumber: number | null;
    readonly deploymentId: string | null;
    readonly sinceMs: number | null;
    readonly standbyUntilMs: number | null;
    /** Log of the app in this slot, or null. */
    readonly logId: string | null;
  }[];
  readonly live: {
    readonly digest: string;
    readonly commit: string;
    readonly buildNumber: number | null;
    readonly sinceMs: number;
  } | null;
  /** What a rollback would bring back, and whether it is hot. */
  readonly rollback: {
    readonly deploymentId: string;
    readonly digest: string;
    readonly buildNumber: number | null;
    readonly hot: boolean;
  } | null;
  /** Newest first. */
  readonly history: readonly DeploymentView[];
  /** What its router did by itself, newest first. */
  readonly events: readonly RouterEventView[];
}

export interface RouterEventView {
  readonly id: string;
  /** `failover`: the standby answered for live. `live_down`, `live_up`: live stopped answering, and answers again. */
  readonly type: 'failover' | 'live_down' | 'live_up';
  /** From when to when; a fail-over is told again each second that it goes on, and shown as one. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** Requests that the standby answered in that time; 0 but for `failover`. */
  readonly requests: number;
  /** Build of the deployment that was live. */
  readonly buildId: string | null;
  readonly buildNumber: number | null;
}

export interface DeliveryView {
  readonly id: string;
  /** The host's id of the delivery. */
  readonly hostDeliveryId: string;
  readonly host: 'github';
  readonly event: string;
  readonly action: string | null;
  readonly repository: string | null;
  readonly receivedAtMs: number;
  /** `received`: not yet worked on. `failed`: our fault; it is processed when it comes again or is replayed. */
  readonly outcome: 'received' | 'built' | 'ignored' | 'blocked' | 'failed';
  readonly reason: string | null;
  readonly buildIds: readonly string[];
  /** Branch, tag or `#12` of a pull request, and commit, of what was built; null when nothing was. */
  readonly refName: string | null;
  readonly commit: string | null;
  readonly bytes: number;
  readonly times: number;
}

export interface WorkerView {
  readonly id: string;
  readonly name: string;
  /** It was heard of within the time of a lease. */
  readonly connected: boolean;
  /** False: its token was revoked. */
  readonly hasToken: boolean;
  /** Null: it has never been here. */
  readonly seenAtMs: number | null;
  /** Workflows it runs at once, and how many it runs now. */
  readonly capacity: number;
  readonly running: number;
  /**
   * What it works on now, the oldest first; of one that drains also the deployments of its routers that had begun to switch
   * when they lost their worker: it, or another with the router, has to end them.
   */
  readonly work: readonly WorkView[];
  /** Since when it gets nothing new; null: it does. */
  readonly drainingSinceMs: number | null;
  readonly routers: readonly string[];
  /** Routers that its token is for. */
  readonly tokenRouters: readonly string[];
  readonly labels: Labels;
  /** Labels that its token is for. */
  readonly tokenLabels: Labels;
  /** Versions of its program and of the worker protocol that it speaks; null: it has not said so. */
  readonly program: string | null;
  readonly protocol: number | null;
  readonly joinedAtMs: number;
}

/** A piece of work on a worker. */
export interface WorkView {
  readonly kind: 'build' | 'deployment';
  /** Of the build, or of the environment that is deployed. */
  readonly id: string;
  /** `shop/web#12`, or `shop/web:production`. */
  readonly name: string;
}

/** A token that lets a person or a script in as admin; the token itself is never told again. */
export interface AccessTokenView {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** By itself or by a session made with it, to the minute; null: never. */
  readonly lastUsedAtMs: number | null;
  /** Null: it holds until it is revoked. One that has ended is listed until then. */
  readonly expiresAtMs: number | null;
  /** Sessions made with it that hold now. */
  readonly sessions: number;
  /** This very request came with it, or with a session of it. */
  readonly current: boolean;
}

export interface LogRangeView extends LogState {
  readonly lines: number;
  readonly range: readonly LogLine[];
}

export interface LogSearchView extends LogState, FoundLines {}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `before` for the next page; null at the end. */
  readonly next: string | null;
}

/** Messages of `/api/v1/stream`. The SSE event id lets a browser resume without a gap. */
export type StreamMessage =
  | { readonly type: 'build'; readonly build: BuildView }
  | { readonly type: 'builds'; readonly build: BuildSummary }
  | { readonly type: 'environment'; readonly environment: EnvironmentView }
  | { readonly type: 'delivery'; readonly delivery: DeliveryView }
  /** Lines `from`… of a log as they become durable; `state` afterwards. A line may come again, longer, while unfinished. */
  | {
      readonly type: 'log';
      readonly logId: string;
      readonly lines: readonly LogLine[];
      readonly state: LogState;
    };
