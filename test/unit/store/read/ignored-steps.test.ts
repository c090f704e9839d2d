import { expect, it } from 'vitest';
import type { StepView } from '../../../../src/core/views/workflow-view.ts';
import { withIgnored } from '../../../../src/store/read/ignored-steps.ts';
import { planOf, stepOf } from '../../../support/record.ts';

const step = (name: string, status: StepView['status']) =>
  ({ kind: 'step', name, status, attempts: [] }) as unknown as StepView;
const plan_json = JSON.stringify(
  planOf({ steps: [{ ...stepOf('lint'), failure: 'ignore' }, stepOf('unit'), stepOf('last')] }),
);
const ignored = (...steps: StepView[]) =>
  withIgnored(steps, { plan_json }).map((one) => one.ignored ?? false);

it('tells of a failure that counts for nothing, and of no other', () => {
  expect(ignored(step('lint', 'failure'), step('unit', 'failure'))).toEqual([true, false]);
  expect(ignored(step('lint', 'success'), step('unit', 'failure'))).toEqual([false, false]);
  expect(ignored(step('lint', 'error'))).toEqual([true]);
});
