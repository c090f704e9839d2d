import { expect, test } from 'vitest';
import { isEnd, mayBecome, worst } from '../../../src/core/status.ts';
import type { EndStatus, Status } from '../../../src/core/status.ts';

const ALL: readonly Status[] = [
  'blocked',
  'pending',
  'running',
  'success',
  'failure',
  'error',
  'cancelled',
  'skipped',
];
const ENDS = ALL.filter(isEnd);

test('five statuses are ends; blocked waits for a person and is none', () => {
  expect(ENDS).toEqual(['success', 'failure', 'error', 'cancelled', 'skipped']);
});

test('nothing follows an end, and nothing becomes what it is', () => {
  for (const from of ENDS) expect(ALL.filter((to) => mayBecome(from, to))).toEqual([]);
  for (const status of ALL) expect(mayBecome(status, status)).toBe(false);
});

test('success and failure of a run come only from running', () => {
  expect(ALL.filter((from) => mayBecome(from, 'success'))).toEqual(['running']);
});

test('what waits for a person never runs before it is pending again', () => {
  expect(ALL.filter((to) => mayBecome('blocked', to))).toEqual(['pending', 'cancelled', 'skipped']);
});

test('every status that is no end has a way to each end that a person can cause', () => {
  for (const from of ALL.filter((status) => !isEnd(status)))
    expect(mayBecome(from, 'cancelled'), from).toBe(true);
});

test('the worst of several ends is the end of the whole, in any order', () => {
  const order: readonly EndStatus[] = ['error', 'failure', 'cancelled', 'success', 'skipped'];
  for (const [index, status] of order.entries()) {
    const rest = order.slice(index);
    expect(worst(rest)).toBe(status);
    expect(worst([...rest].reverse())).toBe(status);
  }
  expect(worst([])).toBe('success');
});
