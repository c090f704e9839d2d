/** A build, as far as it matters for how long it is kept. */
export interface PastBuild {
  readonly id: string;
  /** In its project, from 1 without gaps. */
  readonly number: number;
  /** Number of its project's newest build. */
  readonly newestNumber: number;
  /** Null: it has not ended. */
  readonly endedAtMs: number | null;
  /** Something stands on it; see `buildsInUse` in `read-uses.ts`. */
  readonly inUse: boolean;
  /** Of all its logs. */
  readonly logBytes: number;
}

/** How much of the past is kept; null is without bound. */
export interface KeepLimits {
  /** Since a build's end. */
  readonly buildsMs: number | null;
  /** The newest ones. */
  readonly buildsPerProject: number | null;
}

/** A build that has just ended is looked at, and what its workers and effects still say of it comes in. */
export const SETTLED_MS = 3_600_000;

/**
 * The builds that go. Pure. A build goes when it ended too long ago, when its project has as many newer ones as are
 * kept, or while there are too many bytes of logs and it has some; never one that is in use, or has not
 * ended an hour ago.
 * @param builds Oldest first: that is the order in which they make room.
 * @param excessLogBytes By how much the logs of all builds that may go, together, are too large.
 */
export function chooseRemovals<B extends PastBuild>(
  builds: readonly B[],
  limits: KeepLimits,
  { nowMs, excessLogBytes }: { readonly nowMs: number; readonly excessLogBytes: number },
): readonly B[] {
  const chosen: B[] = [];
  let excess = excessLogBytes;
  for (const build of builds) {
    const makesRoom = excess > 0 && build.logBytes > 0;
    if (!mayGo(build, nowMs) || !(makesRoom || isBeyond(build, limits, nowMs))) continue;
    chosen.push(build);
    excess -= build.logBytes;
  }
  return chosen;
}

/** Whether a build could go at all. */
export function mayGo(build: Pick<PastBuild, 'endedAtMs' | 'inUse'>, nowMs: number): boolean {
  return build.endedAtMs !== null && build.endedAtMs <= nowMs - SETTLED_MS && !build.inUse;
}

function isBeyond(build: PastBuild, { buildsMs, buildsPerProject }: KeepLimits, nowMs: number): boolean {
  const tooOld = buildsMs !== null && (build.endedAtMs ?? nowMs) < nowMs - buildsMs;
  return tooOld || (buildsPerProject !== null && build.newestNumber - build.number >= buildsPerProject);
}
