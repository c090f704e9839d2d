import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/core/status.ts';
import type { StepView } from '../../../src/core/views/workflow-view.ts';
import { withShares } from '../../../src/store/read/step-shares.ts';
import { planOf, stepOf } from '../../support/record.ts';
import { groupShares, sharesText, spanOfShares, statusOfShares } from '../../../web/shares.ts';

const step = (name: string, more: Partial<StepView> = {}) =>
  ({ id: `id of ${name}`, kind: 'step', name, status: 'success', attempts: [], ...more }) as StepView;
const all = (...statuses: Status[]) => statuses.map((status) => ({ status }));
const ran = (startedAtMs: number | null, finishedAtMs: number | null) =>
  [{ startedAtMs, finishedAtMs }] as unknown as StepView['attempts'];

it('the shares of a step are together, and what is only called like one is not', () => {
  const split = { files: null, directory: null, of: 2 };
  const plan = planOf({
    steps: [
      stepOf('lint 1/2'),
      stepOf('unit 1/2', { split: { ...split, step: 'unit', share: 1 } }),
      stepOf('unit 2/2', { split: { ...split, step: 'unit', share: 2 } }),
    ],
  });
  const steps = withShares(
    ['clone', 'unit 1/2', 'unit 2/2', 'lint 1/2'].map((name) => step(name)),
    {
      plan_json: JSON.stringify(plan),
    },
  );
  const names = groupShares(steps).map((entry) =>
    'shares' in entry ? [entry.name, ...entry.shares.map(({ name }) => name)] : entry.name,
  );
  expect(names).toEqual(['clone', ['unit', 'unit 1/2', 'unit 2/2'], 'lint 1/2']);
});

describe('the whole of a split step', () => {
  it.each([
    [['pending', 'pending'], 'pending'],
    [['running', 'pending'], 'running'],
    [['success', 'pending'], 'running'],
    [['failure', 'running'], 'running'],
    [['failure', 'success'], 'failure'],
    [['failure', 'error', 'cancelled'], 'error'],
    [['success', 'skipped'], 'success'],
    [['skipped', 'skipped'], 'skipped'],
  ] as const)('of shares that are %s is %s', (statuses, whole) =>
    expect(statusOfShares(all(...statuses))).toBe(whole),
  );

  it('says how many ended how', () => {
    expect(sharesText(all('success', 'running'))).toBe('1 of 2 shares green');
    expect(sharesText(all('success', 'failure', 'error', 'cancelled', 'skipped'))).toBe(
      '1 of 5 shares green, 2 failed, 1 cancelled, 1 skipped',
    );
  });

  it('takes from the first begin to the last end of what ran in this build', () => {
    const before = step('unit 1/3', { carriedFrom: null, attempts: ran(1, 2) });
    const first = step('unit 2/3', { attempts: ran(50, 60) });
    expect(spanOfShares([before])).toBeNull();
    expect(spanOfShares([before, first, step('unit 3/3', { attempts: ran(55, 90) })])).toEqual({
      fromMs: 50,
      toMs: 90,
    });
    const waits = step('unit 3/3', { status: 'pending', attempts: ran(null, null) });
    expect(spanOfShares([first, waits])).toEqual({ fromMs: 50, toMs: null });
  });
});
