import { describe, expect, it } from 'vitest';
import { pushTarget, registryHost, splitHost } from '../../../src/core/image-name.ts';

it.each([
  ['node:20', 'docker.io'],
  ['library/node:20', 'docker.io'],
  ['ghcr.io/acme/app:1', 'ghcr.io'],
  ['localhost/app', 'localhost'],
  ['HOST/app', 'HOST'],
  ['127.0.0.1:5000/app@sha256:00', '127.0.0.1:5000'],
])('%s is pulled from %s', (reference, host) => {
  expect(registryHost(reference)).toBe(host);
});

it('a name without a host is all path', () => {
  expect(splitHost('shop/web')).toEqual({ host: null, path: 'shop/web' });
});

describe('a push', () => {
  const own = { host: 'registry.test:5000', insecure: true };
  const to = (repository: string) => ({ repository, tags: [] });

  it("goes to the server's registry", () => {
    expect(pushTarget(to('shop/web'), own)).toEqual({ ...own, repository: 'shop/web' });
    expect(pushTarget(to('registry.test:5000/shop/web'), own)).toEqual({ ...own, repository: 'shop/web' });
  });

  it('goes to the registry that it names, by TLS', () => {
    const target = { host: 'ghcr.io', insecure: false, repository: 'shop/web' };
    expect(pushTarget(to('ghcr.io/shop/web'), own)).toEqual(target);
    expect(pushTarget(to('ghcr.io/shop/web'), null)).toEqual(target);
  });

  it('goes nowhere without a registry', () => {
    expect(pushTarget(to('shop/web'), null)).toBeNull();
    expect(pushTarget(null, own)).toBeNull();
  });
});
