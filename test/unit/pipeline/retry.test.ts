import { expect, test } from 'vitest';
import { lint, planOf } from './support.ts';

const retryOf = (retry: string) => planOf(`steps: { a: { commands: x, retry: ${retry} } }`).steps[0]?.retry;

test('a number alone is how often a step is tried again', () => {
  expect(retryOf('2')).toEqual({ count: 2, delayMs: 0, exitCodes: null });
  expect(planOf('steps: { a: { commands: x } }').steps[0]).not.toHaveProperty('retry');
});

test('a map says what is waited, and after which exit codes', () => {
  expect(retryOf('{ count: 3, delay: 1m30s, exit_codes: [75, 69, 75] }')).toEqual({
    count: 3,
    delayMs: 90_000,
    exitCodes: [75, 69],
  });
  expect(retryOf('{ count: 1, exit_codes: 1 }')).toMatchObject({ exitCodes: [1] });
});

test.each([
  ['0', '1:35 value_wrong'],
  ['11', '1:35 value_wrong'],
  ['yes', '1:35 value_wrong'],
  ['[2]', '1:35 type_wrong'],
  ['{}', '1:35 key_missing'],
  ['{ count: 1, delay: 2h }', '1:54 value_wrong'],
  ['{ count: 1, exit_codes: 0 }', '1:59 value_wrong'],
  ['{ count: 1, exit_codes: [] }', '1:59 list_empty'],
  ['{ max: 1 }', '1:37 key_unknown'],
])('retry: %s is refused', (retry, problem) => {
  expect(lint(`steps: { a: { commands: x, retry: ${retry} } }`)).toContain(problem);
});
