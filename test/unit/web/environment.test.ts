import { describe, expect, it } from 'vitest';
import type { SlotRole } from '../../../src/core/deployment.ts';
import type { DeploymentView } from '../../../src/core/views/deployment-view.ts';
import type { RouterEventView } from '../../../src/core/views/environment-view.ts';
import { happeningsOf } from '../../../web/happenings.ts';
import { byRole, SLOT_WORDS, type SlotView } from '../../../web/slot-words.ts';

const slot = (index: 0 | 1 | 2, role: SlotRole): SlotView => ({
  index,
  role,
  digest: null,
  commit: null,
  buildNumber: null,
  deploymentId: null,
  sinceMs: null,
  standbyUntilMs: null,
  logId: null,
});

describe('slots', () => {
  it('stand by what they are for, wherever they are', () => {
    const indices = (...roles: [SlotRole, SlotRole, SlotRole]) =>
      byRole([slot(0, roles[0]), slot(1, roles[1]), slot(2, roles[2])]).map(({ index }) => index);
    expect(indices('standby', 'live', 'candidate')).toEqual([1, 2, 0]);
    expect(indices('empty', 'standby', 'live')).toEqual([2, 1, 0]);
    expect(indices('empty', 'empty', 'empty')).toEqual([0, 1, 2]);
  });

  it('are blue when live and green beside it', () => {
    const colours = Object.entries(SLOT_WORDS).map(([role, { colour }]) => `${role} ${colour ?? 'none'}`);
    expect(colours).toEqual(['live blue', 'standby green', 'candidate green', 'empty none']);
  });
});

describe('the history of an environment', () => {
  it('has deployments and what the router did in one line of time, newest first', () => {
    const deployment = (id: string, createdAtMs: number) => ({ id, createdAtMs }) as DeploymentView;
    const event = (id: string, atMs: number) => ({ id, atMs }) as RouterEventView;
    const happenings = happeningsOf({
      history: [deployment('second', 50), deployment('first', 10)],
      events: [event('up', 60), event('over', 40), event('down', 30)],
    });
    const ids = happenings.map((one) => (one.kind === 'event' ? one.event.id : one.deployment.id));
    expect(ids).toEqual(['up', 'second', 'over', 'down', 'first']);
  });
});
