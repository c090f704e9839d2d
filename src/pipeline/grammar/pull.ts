import { truth } from '../format/text.ts';
import { defaulted } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';

/** Of a step and of a service. */
export const pull = defaulted(
  scalar(truth),
  'Whether the registry is asked what the name of its image stands for, also where the worker has an image of that name.',
  false,
  '`false`',
);
