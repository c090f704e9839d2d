import type { DeploymentCause, DeploymentPhase } from '../core/deployment.ts';
import { mayAbort } from '../core/deployment.ts';
import { isEnd } from '../core/status.ts';
import type { Status } from '../core/status.ts';

/** A deployment of one environment that has not ended, as far as its turn depends on it. */
export interface OpenDeployment {
  readonly id: string;
  readonly cause: DeploymentCause;
  readonly status: 'pending' | 'running';
  readonly phase: DeploymentPhase;
  /** Place of its build in the order of arrival, as text that sorts; null counts as the oldest. */
  readonly order: string | null;
  readonly build: { readonly number: number; readonly status: Status } | null;
  /** Status of the workflow that makes its image; null where none does. */
  readonly workflow: Status | null;
  /** Its image is built: the engine that built it has something to start. */
  readonly built: boolean;
  /** Its image is pushed, so there is something to pull. */
  readonly released: boolean;
  readonly prepare: 'after-tests' | 'pull';
  /** It was told to end already. */
  readonly ending: boolean;
}

/** What to do next in an environment. */
export interface DeploymentOrder {
  /**
   * Those that will never switch: a pending one ends at once, a running one is told to undo what it prepared. With
   * `pending`, one at work whose build begins again: it undoes what it prepared, and waits for its turn anew.
   */
  readonly end: readonly {
    readonly id: string;
    readonly status: UndoneStatus;
    readonly reason: string;
  }[];
  /** The one whose turn it is; null when one is at work, or none may begin. */
  readonly next: string | null;
}

/** What a deployment becomes that has undone what it prepared. */
export type UndoneStatus = 'skipped' | 'cancelled' | 'pending';

/** What is live, by its place in the order of arrival; null for nothing. */
export interface LiveRelease {
  readonly order: string;
  readonly number: number;
}

/**
 * Decides whose turn it is in one environment. Pure. The rules (invariant 8):
 * one at a time; an environment never goes backwards by itself, so a green build older than live, than one
 * that switches or than another green one is superseded; a person's deployment (rollback, manual) ends every
 * build's deployment that came before it and does not switch yet; green goes before speculative; what was prepared
 * for a build that lost its worker is undone, since nobody knows when it is built again.
 */
export function orderDeployments(
  deployments: readonly OpenDeployment[],
  live: LiveRelease | null,
): DeploymentOrder {
  const end = deployments.flatMap((deployment) => {
    if (!mayAbort(deployment.phase) || deployment.ending) return [];
    const why = whyEnd(deployment, deployments, live);
    return why === null ? [] : [{ id: deployment.id, ...why }];
  });
  const left = deployments.filter(({ id }) => !end.some((ended) => ended.id === id));
  // One that is told to end still holds its slot until its deployer has undone it.
  const busy = deployments.some(({ status }) => status === 'running');
  return { end, next: busy ? null : (chooseNext(left, live)?.id ?? null) };
}

/** What a running deployment is told: to wait for its build, to go on, or to undo. */
export function verdictOf(deployment: OpenDeployment): 'wait' | 'switch' | 'abort' {
  if (!mayAbort(deployment.phase)) return 'switch';
  if (deployment.ending) return 'abort';
  if (isGreen(deployment)) return 'switch';
  return deployment.build !== null && isEnd(deployment.build.status) ? 'abort' : 'wait';
}

function whyEnd(
  deployment: OpenDeployment,
  all: readonly OpenDeployment[],
  live: LiveRelease | null,
): Pick<DeploymentOrder['end'][number], 'status' | 'reason'> | null {
  const { build, cause } = deployment;
  if (cause !== 'build' || build === null) return null;
  if (isEnd(build.status) && build.status !== 'success')
    return {
      status: build.status === 'cancelled' ? 'cancelled' : 'skipped',
      reason: `build #${build.number} ended with ${build.status}`,
    };
  if (build.status === 'success' && !deployment.released)
    return { status: 'skipped', reason: `build #${build.number} pushed no image` };
  const person = all.find((other) => other.cause !== 'build' && other.id > deployment.id);
  if (person !== undefined)
    return {
      status: 'skipped',
      reason: person.cause === 'rollback' ? 'a rollback came first' : 'a manual deployment came first',
    };
  // A pending one that is not green yet keeps its chance: what supersedes it may be rolled back meanwhile.
  if (deployment.status === 'pending' && !isGreen(deployment)) return null;
  const newer = superseding(deployment, all, live);
  if (newer !== null) return { status: 'skipped', reason: `superseded by #${newer}` };
  if (deployment.workflow !== 'pending') return null;
  return { status: 'pending', reason: `the worker of build #${build.number} was lost` };
}

/** Number of the build that makes this deployment useless, or null. */
function superseding(
  deployment: OpenDeployment,
  all: readonly OpenDeployment[],
  live: LiveRelease | null,
): number | null {
  if (live !== null && live.order > (deployment.order ?? '')) return live.number;
  const newer = all.filter(
    (other) =>
      other.id !== deployment.id &&
      other.build !== null &&
      other.cause === 'build' &&
      (isGreen(other) || !mayAbort(other.phase)) &&
      !other.ending &&
      isNewer(other, deployment),
  );
  return newer.sort(byNewest)[0]?.build?.number ?? null;
}

function chooseNext(left: readonly OpenDeployment[], live: LiveRelease | null): OpenDeployment | undefined {
  const person = left.filter(({ cause }) => cause !== 'build');
  if (person.length > 0) return [...person].sort((a, b) => (a.id < b.id ? -1 : 1))[0];
  const able = left.filter(
    (deployment) => deployment.status === 'pending' && superseding(deployment, left, live) === null,
  );
  const green = able.filter((deployment) => deployment.released && isGreen(deployment)).sort(byNewest);
  const speculative = able
    .filter(({ built, prepare, build }) => built && prepare === 'pull' && build?.status === 'running')
    .sort(byNewest);
  return green[0] ?? speculative[0];
}

function isGreen(deployment: OpenDeployment): boolean {
  return deployment.cause !== 'build' || deployment.build?.status === 'success';
}

function isNewer(a: OpenDeployment, b: OpenDeployment): boolean {
  return byNewest(a, b) < 0;
}

/** Newest first: by arrival, then (re-runs keep their place) by when it was made. */
function byNewest(a: OpenDeployment, b: OpenDeployment): number {
  const [orderA, orderB] = [a.order ?? '', b.order ?? ''];
  if (orderA !== orderB) return orderA < orderB ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
