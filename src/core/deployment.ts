import type { DeployPlan } from './plan.ts';
import { isEnd, type Status } from './status.ts';

/** The place of a slot in its environment: index 0, 1 or 2, each with an address of its own for ever. */
export type SlotIndex = 0 | 1 | 2;

/** What a slot is for at this moment. Only `standby` is ever an HAProxy `backup`. */
export type SlotRole = 'live' | 'standby' | 'candidate' | 'empty';

/**
 * How far a deployment is. Recorded *before* the act it names.
 * Up to and including `prepared` it may be aborted; from `switching` on it only goes forward.
 */
export type DeploymentPhase =
  | 'waiting' // for its turn, or for the build's verdict
  | 'pulling' // layers onto the target, container created
  | 'starting'
  | 'checking' // health, through the router's side entrance
  | 'smoking'
  | 'prepared' // healthy and smoked; the next thing is the switch
  | 'switching' // recorded; the router may serve either slot
  | 'draining' // the old slot finishes its requests
  | 'done';

export const PHASES: readonly DeploymentPhase[] = [
  'waiting',
  'pulling',
  'starting',
  'checking',
  'smoking',
  'prepared',
  'switching',
  'draining',
  'done',
];

/** Whether a deployment in this phase may still be cancelled, superseded or undone. */
export function mayAbort(phase: DeploymentPhase): boolean {
  return PHASES.indexOf(phase) < PHASES.indexOf('switching');
}

/** Whether it has begun to switch and not ended: whoever claims it brings it to its end. */
export function mustGoOn({
  status,
  phase,
}: {
  readonly status: Status;
  readonly phase: DeploymentPhase;
}): boolean {
  return status === 'running' && !mayAbort(phase);
}

/** Of deployments in the order in which they were made: the last into each environment, which tells how it stands there. */
export function lastIntoEach<D extends { readonly environment: string }>(
  deployments: readonly D[],
): readonly D[] {
  return [...new Map(deployments.map((deployment) => [deployment.environment, deployment])).values()];
}

/**
 * Of a build's deployments those whose state says more than the build's own: what did not begin says nothing where the
 * build did not succeed.
 */
export function tellingDeployments<D extends { readonly environment: string; readonly status: Status }>({
  status,
  deployments,
}: {
  readonly status: Status;
  readonly deployments: readonly D[];
}): readonly D[] {
  const isTold = isEnd(status) && status !== 'success';
  return lastIntoEach(deployments).filter(
    (deployment) => !isTold || !['skipped', 'cancelled', 'pending'].includes(deployment.status),
  );
}

/** Image digest plus settings, immutable. Secrets are named, not held. */
export interface Release {
  readonly id: string;
  /** `host/repository@sha256:…`: what the target pulls. */
  readonly imageReference: string;
  readonly digest: string;
  /** The image's config digest: what the running container's image must have. */
  readonly imageId: string;
  readonly settings: DeployPlan;
  /** sha256 of the digest and the canonical settings. */
  readonly hash: string;
  readonly buildId: string;
  readonly commit: string;
}

/** Why a deployment exists. */
export type DeploymentCause = 'build' | 'rollback' | 'manual';

/** A slot as the record has it; the router's files are rendered from these. */
export interface SlotRecord {
  readonly index: SlotIndex;
  readonly role: SlotRole;
  /** Address on the app network, e.g. `10.89.0.4`. */
  readonly address: string;
  /** Port of the app in it; null when empty. */
  readonly port: number | null;
  readonly releaseId: string | null;
  /** Deployment that gave the slot its role. */
  readonly deploymentId: string | null;
  /**
   * Deployment whose container stands in it: the app's log is `app_<startedBy>`. An earlier one than `deploymentId`
   * once a hot standby was switched to.
   */
  readonly startedBy: string | null;
  /** Epoch ms when a standby is stopped; null for other roles. */
  readonly standbyUntilMs: number | null;
}
