import type { SlotIndex, SlotRole } from '../deployment.ts';
import type { DeploymentView } from './deployment-view.ts';

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
