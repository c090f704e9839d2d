import { expect, test } from 'vitest';
import { readChallenge } from '../../../src/registry/challenge.ts';

test('reads a Bearer challenge with its parameters', () => {
  const header =
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"';
  expect(readChallenge(header)).toEqual({
    scheme: 'bearer',
    parameters: {
      realm: 'https://auth.example.com/token',
      service: 'registry',
      scope: 'repository:a/b:pull,push',
    },
  });
});

test('reads Basic, in any case of letters, with quoted quotes and bare values', () => {
  expect(readChallenge('basic REALM="a \\"b\\"", charset=UTF-8')).toEqual({
    scheme: 'basic',
    parameters: { realm: 'a "b"', charset: 'UTF-8' },
  });
});

test('prefers Bearer where a registry offers both', () => {
  expect(readChallenge('Basic realm="x", Bearer realm="https://a/t"')?.scheme).toBe('bearer');
});

test('knows nothing of other schemes', () => {
  expect(readChallenge('Negotiate')).toBeNull();
  expect(readChallenge(null)).toBeNull();
});
