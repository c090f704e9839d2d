import { expect, test } from 'vitest';
import { formatImageReference, parseImageReference } from '../../../src/registry/image-reference.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;

test.each([
  ['postgres', 'docker.io', 'library/postgres', null, null],
  ['postgres:15', 'docker.io', 'library/postgres', '15', null],
  ['grafana/grafana:latest', 'docker.io', 'grafana/grafana', 'latest', null],
  ['localhost/web', 'localhost', 'web', null, null],
  ['registry.example.com/shop/web:1.4', 'registry.example.com', 'shop/web', '1.4', null],
  ['127.0.0.1:5000/shop/web', '127.0.0.1:5000', 'shop/web', null, null],
  ['[::1]:5000/web:x', '[::1]:5000', 'web', 'x', null],
  [`host:5000/a/b/c:t@${DIGEST}`, 'host:5000', 'a/b/c', 't', DIGEST],
  [`host.io/a@${DIGEST}`, 'host.io', 'a', null, DIGEST],
])('reads %s', (text, host, repository, tag, digest) => {
  expect(parseImageReference(text)).toEqual({ host, repository, tag, digest });
});

test.each([
  '',
  'Postgres',
  'shop//web',
  '/web',
  'host.io/',
  'web:',
  'web:a b',
  `web:${'t'.repeat(129)}`,
  'web@sha256:short',
  'web@md5:abc',
  'shop/-web',
  'shop/we..b',
  'ex ample.com/web',
  `host.io/${'a'.repeat(256)}`,
  'web\n',
])('refuses %j', (text) => {
  expect(parseImageReference(text)).toBeNull();
});

test('writes what it has read', () => {
  for (const text of [`host:5000/a/b:t@${DIGEST}`, 'host.io/a/b:t', `host.io/a@${DIGEST}`])
    expect(formatImageReference(parseImageReference(text) ?? never())).toBe(text);
});

function never(): never {
  throw new Error('not an image name');
}
