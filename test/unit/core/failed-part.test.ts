import { describe, expect, it } from 'vitest';
import { stepsToRepeat, workflowsToRepeat, type EndedStep } from '../../../src/core/failed-part.ts';

const step = (name: string, status: EndedStep['status'], ...dependsOn: string[]): EndedStep => ({
  name,
  status,
  dependsOn,
  runsOn: ['success'],
  selected: true,
});
const forFailures = (...of: Parameters<typeof step>): EndedStep => ({ ...step(...of), runsOn: ['failure'] });
const again = (...steps: EndedStep[]) => [...stepsToRepeat(steps)];

it('runs what failed again, with what it depends on, for the files of that are gone', () => {
  expect(again(step('install', 'success'), step('unit', 'failure', 'install'))).toEqual(['install', 'unit']);
});

it('leaves green what has nothing to do with it', () => {
  expect(
    again(
      step('lint', 'success'),
      step('install', 'success'),
      step('docs', 'success', 'install'),
      step('unit', 'failure', 'install'),
    ),
  ).toEqual(['install', 'unit']);
});

it('runs again what came after it, green or not, with all that this needs', () => {
  expect(
    again(
      step('unit', 'cancelled'),
      step('tools', 'success'),
      step('tidy', 'success', 'unit', 'tools'),
      step('ship', 'skipped', 'tidy'),
    ),
  ).toEqual(['unit', 'tools', 'tidy', 'ship']);
});

it('runs nothing again that `when` left out, nor for its sake', () => {
  expect(
    again({ ...step('nightly', 'skipped'), selected: false }, step('unit', 'success', 'nightly')),
  ).toEqual([]);
});

it('runs one of ours that was lost and one whose failure is ignored again', () => {
  expect(again(step('a', 'error'), step('b', 'failure'), step('c', 'success'))).toEqual(['a', 'b']);
});

describe('steps for failures alone', () => {
  it('are decided on anew, and take nothing with them', () => {
    expect(
      again(
        step('slow', 'success'),
        forFailures('notify', 'skipped', 'slow'),
        step('told', 'success', 'notify'),
        step('unit', 'failure'),
      ),
    ).toEqual(['notify', 'unit']);
    expect(again(step('unit', 'failure'), forFailures('notify', 'success'))).toEqual(['unit', 'notify']);
    const withMore = forFailures('notify', 'success', 'unit', 'slow');
    expect(again(step('slow', 'success'), step('unit', 'failure'), withMore)).toEqual(['unit', 'notify']);
  });

  it('hand on what others count on', () => {
    expect(
      again(
        step('slow', 'success'),
        forFailures('notify', 'skipped', 'slow'),
        step('unit', 'failure', 'notify'),
      ),
    ).toEqual(['slow', 'notify', 'unit']);
    expect(
      again(
        step('unit', 'failure'),
        forFailures('notify', 'success', 'unit'),
        step('tidy', 'success', 'notify'),
      ),
    ).toEqual(['unit', 'notify', 'tidy']);
  });

  it('do not run for a `when` that left them out', () => {
    expect(again({ ...forFailures('notify', 'skipped'), selected: false }, step('unit', 'failure'))).toEqual([
      'unit',
    ]);
  });
});

it('takes time in proportion to the edges of the graph', () => {
  const names = Array.from({ length: 8_000 }, (_, n) => `s${n}`);
  const steps = names.map((name, n) =>
    step(name, n < 20 ? 'failure' : 'success', ...names.slice(n < 20 ? n : n - 20, n)),
  );
  const from = performance.now();
  expect(stepsToRepeat(steps).size).toBe(8_000);
  expect(performance.now() - from).toBeLessThan(2_000);
});

it('takes over a workflow only while nothing that it waits for runs again', () => {
  const workflow = (name: string, status: EndedStep['status'], ...dependsOn: string[]) => ({
    name,
    status,
    dependsOn,
  });
  expect(
    workflowsToRepeat([
      workflow('app', 'failure'),
      workflow('fallback', 'success', 'app'),
      workflow('teardown', 'success', 'fallback', 'docs'),
      workflow('docs', 'success'),
      workflow('site', 'success', 'docs'),
    ]),
  ).toEqual(['part', 'whole', 'whole', 'none', 'none']);
  expect(
    workflowsToRepeat([
      workflow('app', 'success'),
      workflow('app', 'failure'),
      workflow('ship', 'skipped', 'app'),
      workflow('other', 'success'),
      workflow('onFailure', 'skipped', 'other'),
      workflow('report', 'success', 'onFailure'),
    ]),
  ).toEqual(['none', 'part', 'whole', 'none', 'part', 'none']);
});
