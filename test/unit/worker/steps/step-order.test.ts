import { expect, it } from 'vitest';
import { turnOf } from '../../../../worker/steps/step-order.ts';
import type { Progress } from '../../../../worker/steps/step-order.ts';

type Step = Parameters<typeof turnOf>[0];

const step = (name: string, rest: Partial<Step> = {}): Step => ({
  name,
  dependsOn: [],
  failure: 'fail',
  runsOn: ['success'],
  selected: true,
  ...rest,
});
const turn = (own: Step, others: Step[], progress: Record<string, Progress>) =>
  turnOf(own, [...others, own], new Map(Object.entries({ ...progress, [own.name]: 'waiting' })));

it('starts its container while two steps before it are still to come, and not sooner', () => {
  const chain = [step('a'), step('b', { dependsOn: ['a'] }), step('c', { dependsOn: ['b'] })];
  const begun = { a: 'running', b: 'waiting', c: 'waiting' } as const;
  expect(turn(step('c', { dependsOn: ['b'] }), chain, begun)).toEqual({ kind: 'ahead' });
  expect(turn(step('d', { dependsOn: ['c'] }), chain, begun)).toEqual({ kind: 'wait' });
  expect(turn(step('d', { dependsOn: ['a', 'b', 'c'] }), chain, begun)).toEqual({ kind: 'wait' });
});

it('starts its container while what is before it runs', () => {
  expect(turn(step('b', { dependsOn: ['a'] }), [step('a')], { a: 'running' })).toEqual({ kind: 'ahead' });
});

it('starts no container ahead for what runs only after a failure', () => {
  const notify = step('notify', { dependsOn: ['a'], runsOn: ['failure'] });
  expect(turn(notify, [step('a')], { a: 'running' })).toEqual({ kind: 'wait' });
});

it('runs when everything before it is over, be it skipped', () => {
  expect(turn(step('b', { dependsOn: ['a'] }), [step('a')], { a: 'success' })).toEqual({ kind: 'run' });
  expect(turn(step('b', { dependsOn: ['a'] }), [step('a')], { a: 'skipped' })).toEqual({ kind: 'run' });
});

it('is skipped after any failure of the workflow, on its own path or not', () => {
  const skip = { kind: 'skip', reason: 'step a failed' };
  expect(turn(step('b'), [step('a')], { a: 'failure' })).toEqual(skip);
  expect(turn(step('b'), [step('a')], { a: 'error' })).toEqual(skip);
});

it('does not mind an ignored failure, but an error of ours', () => {
  expect(turn(step('b'), [step('a', { failure: 'ignore' })], { a: 'failure' })).toEqual({ kind: 'run' });
  expect(turn(step('b'), [step('a', { failure: 'ignore' })], { a: 'error' }).kind).toBe('skip');
});

it('is skipped when `when` left it out, at once', () => {
  expect(turn(step('b', { dependsOn: ['a'], selected: false }), [step('a')], { a: 'running' }).kind).toBe(
    'skip',
  );
});
