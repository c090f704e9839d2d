import { expect, it } from 'vitest';
import { neededFeatures } from '../../../src/core/worker-feature.ts';
import { planOf, stepOf } from '../../support/record.ts';

it('a worker must know what the plan has beyond the protocol, and nothing else', () => {
  const volumes = [{ name: 'a', path: '/a', readOnly: false }];
  const takes = [{ from: 'b', matrix: {}, names: null, path: '.', optional: false }];
  const service = {
    ...{ name: 'db', image: 'x', environment: {}, commands: [], volumes },
    ready: { kind: 'auto' as const, timeoutMs: 1 },
  };
  expect(neededFeatures(planOf())).toEqual([]);
  expect(neededFeatures({ ...planOf(), takes })).toEqual(['take-artifacts']);
  expect(neededFeatures(planOf({ steps: [stepOf('a', { volumes })] }))).toEqual(['volumes']);
  expect(neededFeatures({ ...planOf(), takes, services: [service] })).toEqual(['take-artifacts', 'volumes']);
});
