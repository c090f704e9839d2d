import { choice } from '../shape/choice.ts';
import { oneOrMore } from '../shape/list.ts';
import { optional, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { exitCode, retryCount } from '../format/numbers.ts';
import { duration } from '../format/times.ts';

export const retryRecord = record('`retry`', {
  count: required(scalar(retryCount), 'How many further attempts it may have.'),
  delay: optional(scalar(duration('0s', '1h')), 'How long to wait before each of them.', '`0s`'),
  exit_codes: optional(
    oneOrMore(scalar(exitCode), 'an exit code, or a list of exit codes'),
    'Exit codes after which it is tried again.',
    'whatever an attempt failed of',
  ),
});

export type RetrySpec = ValueOf<typeof retryRecord>;

export const retry = choice(
  {
    text: mapped(scalar(retryCount), (count): RetrySpec => ({ count, delay: null, exit_codes: null })),
    map: retryRecord,
  },
  'a number from 1 to 10, or a map with `count`, `delay` and `exit_codes`',
);
