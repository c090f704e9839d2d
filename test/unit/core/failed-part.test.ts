import { expect, it } from 'vitest';
import { stepsToRepeat, type EndedStep } from '../../../src/core/failed-part.ts';

const step = (name: string, status: EndedStep['status'], ...dependsOn: string[]): EndedStep => ({
  name,
  status,
  dependsOn,
  selected: true,
});
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
