import type { EndFix } from '../end-fix.ts';
import type { NamedImage } from '../named-image.ts';
import type { MatrixValues, SharePlan } from '../plan.ts';
import type { Status } from '../status.ts';
import type { TestCounts } from '../test-report.ts';
import type { StepKind } from '../work.ts';
import type { BuildReferenceView } from './build-reference-view.ts';

export interface WorkflowView extends EndFix {
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

export interface StepView extends EndFix {
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
  /** It has failed, and the file says that it counts for nothing (`failure: ignore`). */
  readonly ignored?: true;
  /** Of one that runs beside others with a part of a step's work: which, from 1, of how many, of which step of the file. */
  readonly share?: Pick<SharePlan, 'step' | 'share' | 'of'>;
  /** Of a step or service that names its image: what the name stood for when it ran, or will. Absent: nobody has told. */
  readonly image?: StepImageView;
}

export interface StepImageView extends NamedImage {
  /** As in the file. */
  readonly name: string;
}

export interface StepAttemptView extends EndFix {
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
