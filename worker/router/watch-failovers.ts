import { randomBytes } from 'node:crypto';
import type { RouterEventsRequest } from '../../src/protocol/worker.ts';
import { readCounters, type LineCounters } from './in-flight.ts';
import type { Router } from './open-router.ts';
import { slotBackend } from './server-lines.ts';
import type { RouterEnvironment } from './state.ts';

export type RouterEvent = RouterEventsRequest['events'][number];

/** What was seen of a live slot's backend the last time. */
export interface LiveSight {
  /** Requests and connections that standbys took instead of live, since HAProxy started. */
  readonly spared: number;
  readonly up: boolean;
}

/**
 * Looks at every live slot and tells what happened since the last look. `sights` is kept between looks by the caller
 * and changed here; of a backend that is seen for the first time nothing is told.
 */
export async function lookForFailovers(
  router: Router,
  sights: Map<string, LiveSight>,
  nowMs: number,
): Promise<readonly RouterEvent[]> {
  const events: RouterEvent[] = [];
  const seen = new Set<string>();
  for (const environment of (await router.state()).environments) {
    const live = environment.slots.find(({ role }) => role === 'live');
    if (live === undefined) continue;
    const backend = slotBackend(environment.backend, live.index);
    const sight = sightOf(await readCounters(router.runtime, backend));
    const before = sights.get(`${environment.id} ${backend}`);
    seen.add(`${environment.id} ${backend}`);
    sights.set(`${environment.id} ${backend}`, sight);
    if (before !== undefined)
      events.push(...eventsBetween(before, sight, environment, live.deploymentId, nowMs));
  }
  for (const key of sights.keys()) if (!seen.has(key)) sights.delete(key);
  return events;
}

/** What happened between two looks at the same live slot. Counters that went back are of an HAProxy that started anew. */
export function eventsBetween(
  before: LiveSight,
  now: LiveSight,
  { id: environmentId }: Pick<RouterEnvironment, 'id'>,
  deploymentId: string | null,
  atMs: number,
): readonly RouterEvent[] {
  const requests = now.spared >= before.spared ? now.spared - before.spared : now.spared;
  const event = (type: RouterEvent['type'], count: number): RouterEvent => ({
    id: `${environmentId}-${type}-${atMs}-${randomBytes(4).toString('hex')}`,
    atMs,
    environmentId,
    type,
    deploymentId,
    requests: count,
  });
  return [
    ...(before.up && !now.up ? [event('live_down', 0)] : []),
    ...(requests > 0 ? [event('failover', requests)] : []),
    ...(!before.up && now.up ? [event('live_up', 0)] : []),
  ];
}

function sightOf(counters: ReadonlyMap<string, LineCounters>): LiveSight {
  const spares = [...counters].filter(([server]) => server.startsWith('spare'));
  return {
    spared: spares.reduce((sum, [, { total }]) => sum + total, 0),
    up: counters.get('main')?.status.startsWith('UP') === true,
  };
}
