import { expect, it } from 'vitest';
import { NO_TESTS, type TestResult } from '../../../../src/core/test-report.ts';
import { failedTestsText } from '../../../../worker/local/failed-tests.ts';

const test = (name: string, more: Partial<TestResult> = {}): TestResult => ({
  ...{ suite: 's', name, file: null, line: null, status: 'failed', durationMs: 1, message: null },
  ...more,
});

it('names the tests that failed, with their places and what they said first', () => {
  const message = 'the cart is empty\n\nexpected 1\ngot 0\nat a\nat b';
  const results = [
    test('adds', { file: 'cart.ts', line: 3, message }),
    test('breaks', { status: 'error', file: 'cart.ts' }),
    test('holds', { status: 'passed' }),
    test('waits'),
  ];
  expect(failedTestsText({ counts: { ...NO_TESTS, failed: 2, error: 1, passed: 1 }, results })).toBe(
    'Failed: adds (cart.ts:3)\n  the cart is empty\n  expected 1\n  got 0\n  at a\n' +
      'Failed: breaks (cart.ts)\nFailed: waits (s)\n',
  );
});

it('says how many more there are, and nothing where none failed', () => {
  const results = Array.from({ length: 9 }, (_, index) => test(`t${index}`));
  const text = failedTestsText({ counts: { ...NO_TESTS, failed: 12 }, results });
  expect(text.split('\n').slice(4)).toEqual(['Failed: t4 (s)', 'And 7 more.', '']);
  expect(failedTestsText({ counts: { ...NO_TESTS, passed: 1 }, results: [] })).toBe('');
});
