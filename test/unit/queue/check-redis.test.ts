import { expect, it } from 'vitest';
import { redisComplaints } from '../../../src/queue/check-redis.ts';

it('has nothing to say of a Redis that is set as needed, or that does not tell', () => {
  expect(redisComplaints({ version: '6.2.0', evictionPolicy: 'noeviction', appendOnly: true })).toEqual([]);
  expect(redisComplaints({ version: null, evictionPolicy: null, appendOnly: null })).toEqual([]);
});

it.each([
  [{ version: '6.0.16' }, /version 6\.0\.16; 6\.2 or later/],
  [{ version: '5.9.9' }, /version 5\.9\.9/],
  [{ evictionPolicy: 'allkeys-lru' }, /maxmemory-policy is allkeys-lru: set it to noeviction/],
  [{ appendOnly: false }, /appendonly is no: set it to yes/],
])('complains of %j', (facts, complaint) => {
  const fit = { version: '7.0.15', evictionPolicy: 'noeviction', appendOnly: true };
  expect(redisComplaints({ ...fit, ...facts }).join()).toMatch(complaint);
});
