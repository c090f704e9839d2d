import type { DeploymentCause } from '../core/deployment.ts';
import type { RepositoryEvent } from '../core/event.ts';
import type { BuiltImage, PushedImage } from '../core/image.ts';
import type { Status } from '../core/status.ts';
import type { StepKind } from '../core/work.ts';

/** A build that has ended, as far as its trace tells of it. All times are epoch ms. */
export interface TracedBuild {
  readonly id: string;
  readonly number: number;
  readonly project: TracedProject;
  readonly event: RepositoryEvent;
  readonly status: Status;
  readonly reason: string | null;
  /** The build that this one runs again, or null. */
  readonly rerunOf: string | null;
  /** When its delivery came, or a person asked for it; null for one that runs another again. */
  readonly receivedAtMs: number | null;
  readonly createdAtMs: number;
  /** Null: it ended before its file was read. */
  readonly plannedAtMs: number | null;
  readonly finishedAtMs: number;
  /** Null like {@link plannedAtMs}. */
  readonly workflow: TracedWorkflow | null;
  readonly image: {
    readonly built: BuiltImage;
    readonly pushed: PushedImage | null;
    readonly tags: readonly string[];
  } | null;
}

export interface TracedProject {
  readonly path: string;
  readonly cloneUrl: string;
  /** `owner/name` on its Git host. */
  readonly hostRepository: string;
}

export interface TracedWorkflow {
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  /** The newest; those before were lost. */
  readonly attempt: number;
  /** In the order of their attempts; each is one attempt on one worker. */
  readonly leases: readonly TracedLease[];
  /** Those that began, of all attempts. */
  readonly steps: readonly TracedStep[];
}

export interface TracedLease {
  readonly id: string;
  readonly attempt: number;
  readonly worker: { readonly id: string; readonly name: string | null };
  readonly grantedAtMs: number;
  readonly endedAtMs: number | null;
  readonly endReason: string | null;
}

export interface TracedStep {
  readonly attemptId: string;
  readonly workflowAttempt: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** A deployment that began and has ended. */
export interface TracedDeployment {
  readonly id: string;
  readonly environment: { readonly id: string; readonly name: string };
  readonly project: TracedProject;
  readonly cause: DeploymentCause;
  readonly status: Status;
  readonly reason: string | null;
  readonly logId: string;
  /** The build whose release it deploys; null where that was removed. */
  readonly build: { readonly id: string; readonly event: RepositoryEvent } | null;
  /** `host/repository@sha256:…`; null: it ended before there was one. */
  readonly imageReference: string | null;
  readonly worker: { readonly id: string; readonly name: string | null } | null;
  readonly createdAtMs: number;
  readonly finishedAtMs: number;
  /** What its history has of it, in order. */
  readonly events: readonly { readonly id: string; readonly atMs: number; readonly type: string }[];
}
