import { namedList } from '../shape/named-list.ts';
import { defaulted, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { located } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { cronName } from '../format/names.ts';
import { cronExpression, timezone } from '../format/times.ts';

/** When builds of the default branch are made by the clock. */
export const crons = namedList(
  'a schedule',
  cronName,
  {
    schedule: required(
      located(scalar(cronExpression)),
      'When: minute, hour, day of the month, month and day of the week, or e.g. `@daily`.',
    ),
    timezone: defaulted(
      located(scalar(timezone)),
      'Time zone that it is meant in, e.g. `Europe/Berlin`.',
      { value: 'UTC', span: { offset: 0, length: 1 }, path: '' },
      '`UTC`',
    ),
  },
  {
    cron: 'Write `schedule`.',
    branch: 'Builds are made of the default branch.',
    enabled: 'Disable it on the page of the project, or remove it.',
    interval: 'Write `schedule`.',
  },
);

export type CronSpec = ValueOf<typeof crons.shape>[number];
