import { choice } from '../shape/choice.ts';
import { optional, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { concurrencyGroup } from '../format/names.ts';
import { concurrencyLimit } from '../format/numbers.ts';

export const concurrencyRecord = record(
  '`concurrency`',
  {
    limit: required(scalar(concurrencyLimit), 'How many workflows of the group run at a time.'),
    group: optional(
      located(scalar(concurrencyGroup)),
      'What is counted together, of all builds of the project; `${NAME}` takes a variable.',
      'this file',
    ),
  },
  { 'cancel-in-progress': 'Nothing is cancelled: the older goes first.' },
);

export type ConcurrencySpec = ValueOf<typeof concurrencyRecord>;

/** How many of a workflow's kind run at a time. */
export const concurrency = choice(
  {
    text: mapped(scalar(concurrencyLimit), (limit): ConcurrencySpec => ({ limit, group: null })),
    map: concurrencyRecord,
  },
  'a number from 1 to 1000, or a map with `limit` and `group`',
);
