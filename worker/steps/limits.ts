import type { ContainerLimits } from '../engine/create-container.ts';
import type { EngineFacts } from '../engine/engine-facts.ts';
import type { StepSettings } from './settings.ts';

/** The limits of every container of a build: never more than half the engine's memory. */
export function containerLimits(
  facts: Pick<EngineFacts, 'memoryBytes'>,
  settings: Pick<StepSettings, 'memoryBytes' | 'pids' | 'cpuShares'>,
): ContainerLimits {
  return {
    memoryBytes: Math.min(settings.memoryBytes, Math.floor(facts.memoryBytes / 2)),
    pids: settings.pids,
    cpuShares: settings.cpuShares,
  };
}
