import { setTimeout as sleep } from 'node:timers/promises';
import { TIMES } from '../../config/times.ts';
import type { ReadyPlan } from '../../src/core/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import type { RunResult } from '../engine/run.ts';
import { exitText } from './end-reason.ts';
import { HELPER } from './ensure-helper.ts';
import type { Shell } from './find-shell.ts';

/** How a service is asked whether it is ready. */
export interface ReadyCheck {
  /** Answers 0 in the service's container when the service is ready. */
  readonly command: readonly string[];
  /** What is asked, for people. */
  readonly of: { readonly text: string } | { readonly port: number };
}

/** What asks a service. Null: it is ready at once. */
export function readyCheck(
  ready: ReadyPlan,
  image: Pick<ImageFacts, 'healthcheck' | 'tcpPorts'>,
  shell: Shell,
  serviceName: string,
): ReadyCheck | null {
  if (ready.kind === 'command')
    return {
      command: [...shell.command, '-c', ready.command],
      of: { text: `its command \`${shortened(ready.command)}\`` },
    };
  const { healthcheck } = image;
  if (healthcheck !== null)
    return {
      command:
        healthcheck.kind === 'shell' ? [...shell.command, '-c', healthcheck.command] : healthcheck.command,
      of: { text: 'the HEALTHCHECK of its image' },
    };
  const port = image.tcpPorts[0];
  if (port === undefined) return null;
  return { command: [HELPER, 'nc', '-w', '1', serviceName, String(port), '-e', 'true'], of: { port } };
}

/** Why a service is not ready, by the last answer to its check: a sentence, and what the check has said. Null: it has not ended. */
export function whyNotReady({ of }: ReadyCheck, last: RunResult | null): { why: string; said: string } {
  if ('port' in of) return { why: `It is not ready: nothing answers at its port ${of.port}.`, said: '' };
  if (last === null) return { why: `It is not ready: ${of.text} has not ended.`, said: '' };
  const ended = last.exitCode === null ? 'ended with its container' : `ended with ${exitText(last.exitCode)}`;
  return { why: `It is not ready: ${of.text} ${ended}.`, said: last.output };
}

const shortened = (command: string): string => {
  const line = command.trim().replaceAll(/\s+/g, ' ');
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
};

/**
 * Runs the command in the container until it answers 0: at once, then after 50 ms, doubling to 500 ms. False when
 * the signal aborted first; a container that is gone is waited out, its end is somebody else's news. Each other answer
 * goes to `told`.
 */
export async function untilReady(
  engine: Engine,
  containerId: string,
  { command }: Pick<ReadyCheck, 'command'>,
  environment: Readonly<Record<string, string>>,
  told: (answer: RunResult) => void,
  signal: AbortSignal,
): Promise<boolean> {
  for (
    let pauseMs: number = TIMES.healthFirst;
    !signal.aborted;
    pauseMs = Math.min(pauseMs * 2, TIMES.healthMost)
  ) {
    const answer = await engine.run(containerId, { command, environment }).catch(() => null);
    if (answer?.exitCode === 0) return true;
    if (answer !== null) told(answer);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
