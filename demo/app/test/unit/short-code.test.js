import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortCode } from '../../src/short-code.js';

test('a code has seven letters and digits, none of which looks like another', () => {
  assert.match(shortCode('https://example.com/'), /^[2-9a-hjkmnp-z]{7}$/);
});

test('the same address gives the same code, another one another', () => {
  assert.equal(shortCode('https://example.com/a'), shortCode('https://example.com/a'));
  assert.notEqual(shortCode('https://example.com/a'), shortCode('https://example.com/b'));
});
