import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayAbort } from '../../../src/core/deployment.ts';
import { orderDeployments, verdictOf } from '../../../src/builds/order-deployments.ts';
import type { OpenDeployment } from '../../../src/builds/order-deployments.ts';

/** A place in the order of arrival. */
const placeOf = (number: number) => String(number).padStart(3, '0');

function deployment(number: number, changes: Partial<OpenDeployment> = {}): OpenDeployment {
  return {
    id: `dep_${placeOf(number)}`,
    cause: 'build',
    status: 'pending',
    phase: 'waiting',
    order: placeOf(number),
    build: { number, status: 'success' },
    workflow: 'success',
    built: true,
    released: true,
    prepare: 'pull',
    ending: false,
    ...changes,
  };
}
const testing = (number: number) => ({ number, status: 'running' as const });
const live = (number: number) => ({ order: placeOf(number), number });

describe('whose turn it is', () => {
  it('is the newest green one; the older green ones are superseded', () => {
    const order = orderDeployments([deployment(1), deployment(3), deployment(2)], null);
    expect(order.next).toBe('dep_003');
    expect(order.end.map(({ id, reason }) => `${id} ${reason}`)).toEqual([
      'dep_001 superseded by #3',
      'dep_002 superseded by #3',
    ]);
  });

  it('is a green one before a newer one that is still tested', () => {
    const order = orderDeployments([deployment(1), deployment(2, { build: testing(2) })], null);
    expect(order).toEqual({ end: [], next: 'dep_001' });
  });

  it('is a tested one ahead of its verdict when its file says pull and its image is there', () => {
    const speculative = deployment(2, { build: testing(2) });
    expect(orderDeployments([speculative], null).next).toBe('dep_002');
    expect(orderDeployments([{ ...speculative, prepare: 'after-tests' }], null).next).toBeNull();
  });

  it('is such a one as soon as its image is built, and a green one only once that is pushed', () => {
    const built = { released: false };
    expect(orderDeployments([deployment(2, { build: testing(2), ...built })], null).next).toBe('dep_002');
    expect(
      orderDeployments([deployment(2, { build: testing(2), ...built, built: false })], null).next,
    ).toBeNull();
    expect(orderDeployments([deployment(1), deployment(2, { build: testing(2), ...built })], null).next).toBe(
      'dep_001',
    );
    const green = deployment(1, built);
    expect(orderDeployments([green], null)).toEqual({
      end: [{ id: 'dep_001', status: 'skipped', reason: 'build #1 pushed no image' }],
      next: null,
    });
  });

  it('is nobody’s while one is at work', () => {
    const busy = deployment(1, { status: 'running', phase: 'draining' });
    expect(orderDeployments([busy, deployment(2)], null).next).toBeNull();
  });

  it('is a rollback’s first, which ends what builds wanted before it', () => {
    const rollback = deployment(1, { id: 'dep_900', cause: 'rollback' });
    const order = orderDeployments(
      [deployment(5, { status: 'running', phase: 'starting', build: testing(5) }), deployment(4), rollback],
      live(3),
    );
    expect(order.end.map(({ id, reason }) => `${id} ${reason}`)).toEqual([
      'dep_005 a rollback came first',
      'dep_004 a rollback came first',
    ]);
    expect(order.next).toBeNull();
    expect(orderDeployments([rollback], live(3)).next).toBe('dep_900');
  });
});

describe('an environment', () => {
  it('never goes backwards: what is older than live is superseded', () => {
    const order = orderDeployments([deployment(4)], live(7));
    expect(order).toEqual({
      end: [{ id: 'dep_004', status: 'skipped', reason: 'superseded by #7' }],
      next: null,
    });
  });

  it('deploys a re-run of what is live', () => {
    expect(orderDeployments([deployment(7)], live(7)).next).toBe('dep_007');
  });

  it('is not deployed by a build that failed, was cancelled, or pushed nothing', () => {
    const ended = (status: 'failure' | 'cancelled') => ({ number: 1, status });
    const all = [
      deployment(1, { build: ended('failure') }),
      deployment(2, { build: ended('cancelled') }),
      deployment(3, { released: false }),
    ];
    expect(orderDeployments(all, null).end.map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
      'skipped: build #1 ended with failure',
      'cancelled: build #1 ended with cancelled',
      'skipped: build #3 pushed no image',
    ]);
  });

  it('keeps what is not green yet waiting, since what supersedes it may be rolled back', () => {
    const early = deployment(1, { build: testing(1) });
    expect(orderDeployments([early], live(2))).toEqual({ end: [], next: null });
  });
});

const phases = ['waiting', 'pulling', 'prepared', 'switching', 'draining'] as const;
const arbitrary: fc.Arbitrary<OpenDeployment[]> = fc
  .uniqueArray(
    fc.record({
      number: fc.integer({ min: 1, max: 8 }),
      id: fc.integer({ min: 100, max: 999 }),
      cause: fc.constantFrom('build' as const, 'build' as const, 'rollback' as const),
      buildStatus: fc.constantFrom('running', 'success', 'failure', 'cancelled', 'pending' as const),
      released: fc.boolean(),
      ending: fc.boolean(),
      prepare: fc.constantFrom('pull' as const, 'after-tests' as const),
      phase: fc.constantFrom(...phases),
    }),
    { selector: ({ id }) => id, maxLength: 8 },
  )
  .map((rows) =>
    rows.map((row, index) =>
      deployment(row.number, {
        id: `dep_${row.id}`,
        cause: row.cause,
        build: { number: row.number, status: row.buildStatus },
        released: row.released || row.cause === 'rollback',
        prepare: row.prepare,
        // One at most is at work.
        ...(index === 0
          ? { status: 'running' as const, phase: row.phase, ending: row.ending && mayAbort(row.phase) }
          : {}),
      }),
    ),
  );
const anyLive = fc.option(fc.integer({ min: 1, max: 8 }).map(live), { nil: null });

describe('whatever waits', () => {
  it('nothing older than live or than a green one is next, and nobody is next while one works', () => {
    fc.assert(
      fc.property(arbitrary, anyLive, (all, now) => {
        const { next, end } = orderDeployments(all, now);
        const chosen = all.find(({ id }) => id === next);
        if (chosen === undefined) return;
        expect(all.every(({ status }) => status === 'pending')).toBe(true);
        expect(end.map(({ id }) => id)).not.toContain(chosen.id);
        if (chosen.cause !== 'build') return;
        expect(now === null || (chosen.order ?? '') >= now.order).toBe(true);
        const green = all.filter(
          ({ cause, build, released, id }) =>
            cause === 'build' && build?.status === 'success' && released && id !== chosen.id,
        );
        expect(green.every(({ order }) => (order ?? '') <= (chosen.order ?? ''))).toBe(true);
      }),
    );
  });

  it('what switches is never ended, and is told to go on', () => {
    fc.assert(
      fc.property(arbitrary, anyLive, (all, now) => {
        const { end } = orderDeployments(all, now);
        for (const one of all.filter(({ phase }) => !mayAbort(phase))) {
          expect(end.map(({ id }) => id)).not.toContain(one.id);
          expect(verdictOf(one)).toBe('switch');
        }
      }),
    );
  });

  it('asking again after doing what was said changes nothing more', () => {
    fc.assert(
      fc.property(arbitrary, anyLive, (all, now) => {
        const first = orderDeployments(all, now);
        const done = all.flatMap((one) => {
          const ended = first.end.some(({ id }) => id === one.id);
          if (!ended) return [one];
          return one.status === 'running' ? [{ ...one, ending: true }] : [];
        });
        const again = orderDeployments(done, now);
        expect(again.end).toEqual([]);
        expect(again.next).toBe(first.next);
      }),
    );
  });
});
