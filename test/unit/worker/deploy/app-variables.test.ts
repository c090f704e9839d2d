import { describe, expect, it } from 'vitest';
import type { Release } from '../../../../src/core/deployment.ts';
import { upperHalf } from '../../../../worker/deploy/app-network.ts';
import { appVariables } from '../../../../worker/deploy/app-variables.ts';

const environment = {
  id: 'env_1',
  name: 'production',
  projectPath: 'shop/web',
  backend: 0,
  hosts: [],
  fence: 1,
};
const release = {
  commit: 'c0ffee',
  settings: { env: { NODE_ENV: 'production', URL: { fromSecret: 'db' }, KEY: { fromSecret: 'key' } } },
} as unknown as Release;

describe("an app's variables", () => {
  it("are the file's, the secrets' values and Slipway's own", () => {
    expect(appVariables(environment, release, { db: 'postgres://', key: '' })).toEqual({
      variables: {
        SLIPWAY_ENVIRONMENT: 'production',
        SLIPWAY_COMMIT: 'c0ffee',
        NODE_ENV: 'production',
        URL: 'postgres://',
        KEY: '',
      },
      secretNames: ['URL', 'KEY'],
      missing: [],
    });
  });

  it('name every secret that has no value', () => {
    expect(appVariables(environment, release, {}).missing).toEqual(['db', 'key']);
  });
});

describe("the apps' network", () => {
  it('gives its upper half to the engine, its lower half to slots', () => {
    expect(upperHalf('10.212.0.0/16')).toBe('10.212.128.0/17');
    expect(upperHalf('10.231.77.0/24')).toBe('10.231.77.128/25');
  });
});
