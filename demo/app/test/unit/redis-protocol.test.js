import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCommand, readReply } from '../../src/redis-protocol.js';

test('a command is an array of texts counted in bytes', () => {
  assert.equal(encodeCommand(['GET', 'ü']), '*2\r\n$3\r\nGET\r\n$2\r\nü\r\n');
});

test('a reply is read when it is whole, and not before', () => {
  assert.equal(readReply(Buffer.from('$5\r\nhar')), null);
  assert.deepEqual(readReply(Buffer.from('$3\r\nbay\r\n:1\r\n')), { value: 'bay', length: 9 });
  assert.equal(readReply(Buffer.from('$-1\r\n')).value, null);
  assert.match(readReply(Buffer.from('-ERR no\r\n')).value.message, /ERR no/);
});
