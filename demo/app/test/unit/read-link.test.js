import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLink } from '../../src/read-link.js';

test('an address of the web is taken', () => {
  assert.deepEqual(readLink('{"url":"https://example.com"}'), { url: 'https://example.com/' });
});

test('what is no address of the web is refused with the reason', () => {
  assert.match(readLink('{').error, /not JSON/);
  assert.match(readLink('{"url":"harbour"}').error, /not an address/);
  assert.match(readLink('{"url":"javascript:alert(1)"}').error, /javascript:/);
});
