import type { HostVolume } from '../../config/formats.ts';
import { LIMITS, SIZES, TIMES } from '../../config/times.ts';

/** What an operator may choose about steps; {@link STEP_SETTINGS} are the defaults. */
export interface StepSettings {
  /** Private range that workflows' networks are cut from, a /26 each. */
  readonly networkRange: string;
  /** At most this much memory a container, and never more than half the engine's. */
  readonly memoryBytes: number;
  readonly pids: number;
  /** Against 1024 of everything else on that machine. */
  readonly cpuShares: number;
  /** A static busybox for the engine's processor; null: the first one on PATH. */
  readonly helperPath: string | null;
  /** Paths of the engine's host that steps and services may be given. */
  readonly hostVolumes: readonly HostVolume[];
  readonly graceMs: number;
  readonly backgroundGraceMs: number;
  /** See `TIMES.keeping`. */
  readonly keepingMs: number;
  readonly deadManSwitchMs: number;
}

export const STEP_SETTINGS: StepSettings = {
  networkRange: '10.213.0.0/16',
  memoryBytes: SIZES.stepMemory,
  pids: LIMITS.pids,
  cpuShares: 512,
  helperPath: null,
  hostVolumes: [],
  graceMs: TIMES.stepGrace,
  backgroundGraceMs: TIMES.backgroundGrace,
  keepingMs: TIMES.keeping,
  deadManSwitchMs: TIMES.deadManSwitch,
};
