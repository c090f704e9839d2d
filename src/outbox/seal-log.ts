import type { Clock } from '../ports/clock.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { EffectHandler } from './outbox.ts';

/** Ends the log of an attempt whose end nobody tells any more, with a line that says so. Harmless for a log that has ended. */
export function sealLogHandler(logs: Pick<LogStore, 'seal'>, clock: Clock): EffectHandler {
  return async (payload) => {
    // Without a line where it was recorded by an earlier version.
    const { logId, line = 'slipway: the worker was lost here' } = payload as { logId: string; line?: string };
    await logs.seal(logId, line, clock.nowMs());
    return { state: 'done', detail: 'ended' };
  };
}
