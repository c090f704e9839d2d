import type { Clock } from '../ports/clock.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { EffectHandler } from './outbox.ts';

/** Ends the log of an attempt whose worker was lost, with a line that says so. Harmless for a log that has ended. */
export function sealLogHandler(logs: Pick<LogStore, 'seal'>, clock: Clock): EffectHandler {
  return async (payload) => {
    const { logId } = payload as { logId: string };
    await logs.seal(logId, 'slipway: the worker was lost here', clock.nowMs());
    return { state: 'done', detail: 'ended' };
  };
}
