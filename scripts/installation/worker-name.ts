import { createHash } from 'node:crypto';

/**
 * Name of the worker that runs beside a server of this data folder. What a worker makes in the engine is its own by
 * this name, so two installations on one engine must have different ones.
 */
export function workerName(dataDir: string): string {
  return `local-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;
}
