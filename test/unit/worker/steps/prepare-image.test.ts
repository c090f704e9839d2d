import { expect, it } from 'vitest';
import { registryHost } from '../../../../worker/steps/prepare-image.ts';

it.each([
  ['node:20', 'docker.io'],
  ['library/node:20', 'docker.io'],
  ['ghcr.io/acme/app:1', 'ghcr.io'],
  ['localhost/app', 'localhost'],
  ['127.0.0.1:5000/app@sha256:00', '127.0.0.1:5000'],
])('finds the registry of %s', (reference, host) => {
  expect(registryHost(reference)).toBe(host);
});
