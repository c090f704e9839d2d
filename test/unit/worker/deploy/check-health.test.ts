import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { checkHealth } from '../../../../worker/deploy/check-health.ts';

const plan = { path: '/healthz', passes: 2, timeoutMs: 400 };

const FAILED = { status: null, what: 'refused' };
const PASSED = { status: 200, what: 'status 200' };

/** Checks against these statuses in turn, the last one for ever. */
async function check(
  statuses: readonly (number | null)[],
  more: Partial<Parameters<typeof checkHealth>[0]> = {},
) {
  const askedMs: number[] = [];
  const health = await checkHealth({
    plan,
    listening: new Promise(() => undefined),
    ask: async () => {
      const status = statuses[Math.min(askedMs.length, statuses.length - 1)] ?? null;
      askedMs.push(performance.now());
      return { status, what: status === null ? 'refused' : `status ${status}` };
    },
    ended: async () => null,
    signal: new AbortController().signal,
    ...more,
  });
  return { health, askedMs };
}

describe('a health check', () => {
  it('asks at once and passes after as many passes in a row as asked for', async () => {
    const { health } = await check([200]);
    expect(health).toMatchObject({ healthy: true, checks: 2 });
  });

  it('begins to count anew after a failure', async () => {
    const { health } = await check([null, 200, 503, 200, 204]);
    expect(health).toMatchObject({ healthy: true, checks: 5 });
  });

  it('waits longer from failure to failure', async () => {
    const { askedMs } = await check([null, null, null, 200]);
    const gaps = askedMs.slice(1).map((at, index) => at - (askedMs[index] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(49);
    expect(gaps[1]).toBeGreaterThanOrEqual(99);
    expect(gaps[2]).toBeGreaterThanOrEqual(199);
  });

  it('asks at once when the app begins to listen, whatever pause it is in', async () => {
    const events: string[] = [];
    const begin = Promise.withResolvers<void>();
    const ask = async () => {
      events.push('asked');
      // The pause after the fourth failure is 400 ms.
      if (events.length === 4) setTimeout(begin.resolve, 1);
      return events.includes('200 ms later') || events.length < 5 ? FAILED : PASSED;
    };
    void begin.promise.then(() => sleep(200)).then(() => events.push('200 ms later'));
    const { health } = await check([], {
      plan: { ...plan, timeoutMs: 5_000 },
      listening: begin.promise,
      ask,
    });
    expect(health).toMatchObject({ healthy: true, checks: 6 });
  });

  it('gives up in time and says what it saw last', async () => {
    expect((await check([500])).health).toEqual({
      healthy: false,
      end: {
        status: 'failure',
        reason: 'GET /healthz did not pass 2 times in a row within 0.4 s; last: status 500',
        code: 'health_check_failed',
        exitCode: null,
      },
    });
  });

  it('gives its last check the time to answer', async () => {
    const limits: number[] = [];
    const ask = async (timeoutMs: number) => {
      limits.push(timeoutMs);
      return { status: 404, what: 'status 404' };
    };
    await check([], { ask });
    expect(Math.min(...limits)).toBe(250);
  });

  it('takes a redirect for a pass, and 404 not', async () => {
    expect((await check([302])).health.healthy).toBe(true);
    expect((await check([404])).health.healthy).toBe(false);
  });

  it('does not wait for an app that has ended', async () => {
    const { health } = await check([null], { ended: async () => 'exit code 3' });
    expect(health).toEqual({
      healthy: false,
      end: {
        status: 'failure',
        reason: 'the app ended with exit code 3 before it was healthy',
        code: 'app_ended_early',
        exitCode: null,
      },
    });
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled')), 30);
    await expect(check([500], { signal: controller.signal })).rejects.toThrow();
  });
});
