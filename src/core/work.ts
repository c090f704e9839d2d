import type { CacheSpaces } from './cache.ts';
import type { BuiltImage, PushedImage } from './image.ts';
import type { DeploymentCause, DeploymentPhase, Release, SlotRecord } from './deployment.ts';
import type { DeployPlan, Plan } from './plan.ts';
import type { EndStatus } from './status.ts';

/** What a row of `step` stands for. Rows of a workflow in their order: clone, image, services, steps, push. */
export type StepKind = 'clone' | 'image' | 'service' | 'step' | 'push';

/** What a worker gets with its claim of a workflow. Nothing in it is secret; secrets are fetched under the lease. */
export interface WorkflowWork {
  readonly kind: 'workflow';
  readonly workflowId: string;
  readonly attempt: number;
  readonly build: {
    readonly id: string;
    readonly number: number;
    readonly projectId: string;
    readonly projectPath: string;
    /** The delivery that made it; null: a person did. A server that is a version behind does not say it. */
    readonly deliveryId?: string | null;
  };
  readonly clone: { readonly url: string; readonly ref: string; readonly commit: string };
  readonly plan: Plan;
  /** The `CI_*` and `SLIPWAY_*` variables, as environment for every step. */
  readonly variables: Readonly<Record<string, string>>;
  readonly steps: readonly StepWork[];
  /** Which caches its steps may use. Absent: the server is a version behind, and no plan of its asks for any. */
  readonly caches?: CacheSpaces;
  /** `host[:port]` and whether it speaks plain HTTP. Null: this server has no registry, nothing is pushed. */
  readonly registry: { readonly host: string; readonly insecure: boolean } | null;
  /** Only a part of it runs; absent: all of it. Steps that do not run are not among {@link steps}. */
  readonly repeat?: RepeatWork;
  /** Whether who may write to the repository stands behind the commit. Absent: the server is older and does not say it. */
  readonly isTrusted?: boolean;
  /** What it takes of workflows before it. Absent: nothing. */
  readonly takes?: TakenWork;
  /** Not all that it waited for has succeeded. Absent: it has, or the server is a version behind. */
  readonly isAfterFailure?: true;
}

/** The artifacts that a workflow's plan takes, as they are when it begins. */
export interface TakenWork {
  readonly artifacts: readonly TakenArtifact[];
  /** What is not there, in sentences for its log, without a full stop; with one of them the workflow ends. */
  readonly missing: readonly string[];
}

/** An artifact that a workflow takes of another one of its build. */
export interface TakenArtifact {
  readonly id: string;
  /** For people: the workflow that kept it, with its combination. */
  readonly workflow: string;
  readonly step: string;
  readonly name: string;
  /** Of the archive. */
  readonly bytes: number;
  /** Of the archive, `sha256:…`. */
  readonly digest: string;
  /** Folder of the workspace that it is unpacked in. */
  readonly path: string;
}

/** What of a workflow is not run again, for it was green in an earlier build of the same plan. */
export interface RepeatWork {
  /** Number of that build. */
  readonly of: number;
  /** Names of the steps that are green already. */
  readonly keptSteps: readonly string[];
  /** `build`: as always. `none`: nothing needs it. Else the one that this worker keeps: it is not built. */
  readonly image: 'build' | 'none' | BuiltImage;
}

export interface StepWork {
  readonly stepId: string;
  readonly attemptId: string;
  readonly kind: StepKind;
  readonly name: string;
  /** Where the attempt's span is, by W3C's "Trace Context". Absent: this server sends no traces, or is a version behind. */
  readonly traceparent?: string;
  /**
   * Further attempts that it may have, in their order; each has a log of its own. Absent: none, or the server is a
   * version behind. A worker that does not know of it runs the step once.
   */
  readonly retries?: readonly Pick<StepWork, 'attemptId' | 'traceparent'>[];
}

/** The ids of all attempts that a step may have, the first one first. Pure. */
export function attemptIdsOf({ attemptId, retries = [] }: StepWork): readonly string[] {
  return [attemptId, ...retries.map((retry) => retry.attemptId)];
}

/** What a deployer gets with its claim of a deployment. */
export interface DeploymentWork {
  readonly kind: 'deployment';
  readonly deploymentId: string;
  readonly cause: DeploymentCause;
  /** The build that it came of, and the delivery of that; null: none. A server that is a version behind does not say it. */
  readonly build?: { readonly id: string; readonly deliveryId: string | null } | null;
  readonly environment: DeployedEnvironment;
  /** Null while the image is not pushed; it comes with the `release` signal. */
  readonly release: Release | null;
  /** What the release will be made of, where there is none yet. A server that is a version behind does not say it. */
  readonly built?: BuiltRelease | null;
  readonly phase: DeploymentPhase;
  /** The slots as recorded, always three; from phase `switching` on they say what the switch makes of them. */
  readonly slots: readonly SlotRecord[];
  /** Slot that this deployment prepares (`chooseCandidate`); recorded at the first claim. */
  readonly candidate: 0 | 1 | 2;
  readonly logId: string;
}

/** A release as far as it is known before its image is pushed: no registry has it, and no digest names it yet. */
export interface BuiltRelease {
  /** Id of the image in the engine that built it. */
  readonly imageId: string;
  readonly commit: string;
  readonly settings: DeployPlan;
}

/** An environment as its router knows it. */
export interface DeployedEnvironment {
  readonly id: string;
  readonly name: string;
  readonly projectPath: string;
  /** HAProxy backend that was declared ahead for it, from 0. */
  readonly backend: number;
  /** Public host names that live serves now; a switch replaces them by its release's. */
  readonly hosts: readonly string[];
  /**
   * Grows with every claim of a deployment of this environment and with every change of its slots that no
   * deployment made (expiry, removal): the router's directory refuses what comes with an older one.
   */
  readonly fence: number;
}

/**
 * All that a router must serve by the record, for the worker that has it: `GET /worker/v1/routers/:router`.
 * The worker brings router and containers to it every 30 s and when woken: standbys that expired, environments
 * that went (they are missing here), candidates of ended deployments, images that nothing needs, a lost directory.
 */
export interface RouterRecord {
  readonly environments: readonly (DeployedEnvironment & {
    readonly slots: readonly SlotRecord[];
    /** A deployment of it is claimed: its containers are not touched. */
    readonly busy: boolean;
  })[];
  /** Environments that are to leave nothing behind; absent from servers of an earlier version. */
  readonly removals?: readonly RouterRemoval[];
  /** Images that were pulled for releases that nothing will bring back soon, `host/repository@sha256:…`. */
  readonly unusedImages: readonly string[];
}

/** An environment that goes: neither router nor engine is to have anything of it, but for volumes that are not named. */
export interface RouterRemoval {
  readonly environmentId: string;
  readonly name: string;
  readonly projectPath: string;
  /** Names of the volumes that go with it, as the pipeline file has them. */
  readonly volumes: readonly string[];
}

export type Work = WorkflowWork | DeploymentWork;

/** Values a lease may read, each only while the lease holds. */
export interface LeaseSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** Registry credentials by `host[:port]`. */
  readonly registries: Readonly<Record<string, { readonly username: string; readonly password: string }>>;
}

/** What a worker tells the server, in order; `n` counts from 1 within a lease and makes repeats harmless. */
export type Report = { readonly n: number; readonly atMs: number } & ReportBody;

export type ReportBody =
  | { readonly type: 'step.started'; readonly attemptId: string }
  | {
      readonly type: 'step.finished';
      readonly attemptId: string;
      readonly status: EndStatus;
      /** One sentence for a person; null for a plain success. */
      readonly reason: string | null;
      /** Of the catalogue, see `core/end.ts`; null, or absent: none, or the worker is a version behind. */
      readonly code?: string | null | undefined;
      readonly exitCode: number | null;
      /** Length of the step's whole log; refused until the log's end has come. */
      readonly logBytes: number;
      /** The step goes on with its next attempt: this is the end of the attempt alone. Absent: of the step, too. */
      readonly again?: true | undefined;
    }
  | { readonly type: 'image.built'; readonly image: BuiltImage }
  | { readonly type: 'image.pushed'; readonly image: PushedImage }
  | {
      readonly type: 'workflow.finished';
      readonly status: EndStatus;
      readonly reason: string | null;
      readonly code?: string | null | undefined;
      /** Its image stays on the worker's engine for a while, so that a part of it may run again in it. */
      readonly keepsImage?: true | undefined;
    }
  | { readonly type: 'deployment.phase'; readonly phase: DeploymentPhase; readonly detail: string | null }
  | {
      readonly type: 'deployment.finished';
      readonly status: EndStatus;
      readonly reason: string | null;
      readonly code?: string | null | undefined;
      readonly logBytes: number;
    };

/** Whether it is the end of a lease's work: with it the server ends the lease, and takes nothing that comes behind it. Pure. */
export function isLast(body: ReportBody): boolean {
  return body.type === 'workflow.finished' || body.type === 'deployment.finished';
}

/** What the server tells a lease's holder. */
export interface Signals {
  /** Set when the work must end: a person, a superseding build, or a lost lease. */
  readonly cancel: { readonly reason: string } | null;
  /** Steps that must end while the rest goes on; absent: none. */
  readonly cancelSteps?: readonly CancelledStep[];
  /** For deployments: the release once the image is pushed, and the build's verdict. */
  readonly release: Release | null;
  readonly verdict: 'wait' | 'switch' | 'abort';
}

export interface CancelledStep {
  readonly stepId: string;
  readonly reason: string;
}

/** A job that stands for work, which is to be claimed. */
export interface ClaimableJob {
  readonly kind: 'workflow' | 'deployment';
  readonly id: string;
  readonly attempt: number;
}

/** Nothing to claim: the router's worker compares it with the record now, not at its next look. */
export interface RouterJob {
  readonly kind: 'router';
  readonly id: string;
  readonly attempt: 0;
}

/** Data of a queue job: an envelope only. Job id: `<subject id>-<attempt>`. */
export type JobData = ClaimableJob | RouterJob;
