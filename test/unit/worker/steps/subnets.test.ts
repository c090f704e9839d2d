import { expect, it } from 'vitest';
import { freeSubnets } from '../../../../worker/steps/subnets.ts';

const free = (range: string, taken: string[]) => [...freeSubnets(range, taken)];

it('cuts a range into networks of 64 addresses', () => {
  expect(free('10.213.0.0/24', [])).toEqual([
    '10.213.0.0/26',
    '10.213.0.64/26',
    '10.213.0.128/26',
    '10.213.0.192/26',
  ]);
  expect([...freeSubnets('10.213.0.0/16', [])]).toHaveLength(1_024);
});

it('leaves out what touches a taken network, larger or smaller', () => {
  expect(free('10.213.0.0/24', ['10.213.0.64/26', '10.213.0.200/32'])).toEqual([
    '10.213.0.0/26',
    '10.213.0.128/26',
  ]);
  expect(free('10.213.0.0/24', ['10.0.0.0/8'])).toEqual([]);
  expect(free('10.213.0.0/24', ['172.17.0.0/16', 'fd00::/64', 'nonsense'])).toHaveLength(4);
});

it('finds none in a range that is too small or not one', () => {
  expect(free('10.213.0.0/27', [])).toEqual([]);
  expect(free('10.213.0.300/24', [])).toEqual([]);
  expect(free('lan', [])).toEqual([]);
});
