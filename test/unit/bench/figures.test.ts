import { expect, it } from 'vitest';
import { formatTable, median, quantile, round } from '../../../bench/figures.ts';

it('takes the middle, and the mean of the two middles', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

it('finds the value below which a share of the samples lies', () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(quantile(samples, 0.5)).toBe(51);
  expect(quantile(samples, 0.99)).toBe(100);
});

it('keeps three significant digits', () => {
  expect([round(0.123456), round(12.345), round(12_345.6)]).toEqual([0.123, 12.3, 12_346]);
});

it('aligns the table', () => {
  const lines = formatTable([{ what: 'a', value: '1 ms', floor: '–', goal: '≤ 2 ms' }]).split('\n');
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
