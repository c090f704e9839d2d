import { setTimeout as sleep } from 'node:timers/promises';
import { TIMES } from '../../config/times.ts';
import type { ReadyPlan } from '../../src/core/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import { HELPER } from './ensure-helper.ts';
import type { Shell } from './find-shell.ts';

/** A command that answers 0 in the service's container when the service is ready. Null: it is ready at once. */
export function readyCommand(
  ready: ReadyPlan,
  image: Pick<ImageFacts, 'healthcheck' | 'tcpPorts'>,
  shell: Shell,
  serviceName: string,
): readonly string[] | null {
  if (ready.kind === 'command') return [...shell.command, '-c', ready.command];
  if (image.healthcheck?.kind === 'command') return image.healthcheck.command;
  if (image.healthcheck?.kind === 'shell') return [...shell.command, '-c', image.healthcheck.command];
  const port = image.tcpPorts[0];
  return port === undefined ? null : [HELPER, 'nc', '-w', '1', serviceName, String(port), '-e', 'true'];
}

/**
 * Runs the command in the container until it answers 0: at once, then after 50 ms, doubling to 500 ms. False when
 * the signal aborted first; a container that is gone is waited out, its end is somebody else's news.
 */
export async function untilReady(
  engine: Engine,
  containerId: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean> {
  for (
    let pauseMs: number = TIMES.healthFirst;
    !signal.aborted;
    pauseMs = Math.min(pauseMs * 2, TIMES.healthMost)
  ) {
    const answer = await engine.run(containerId, { command, environment }).catch(() => null);
    if (answer?.exitCode === 0) return true;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
