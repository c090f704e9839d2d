import type { EndFix } from '../end-fix.ts';
import type { DeploymentCause, DeploymentPhase } from '../deployment.ts';
import type { Status } from '../status.ts';

export type DeploymentSummary = Pick<DeploymentView, 'id' | 'environment' | 'status' | 'reason'>;

export interface DeploymentView extends EndFix {
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
