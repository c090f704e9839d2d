import type { InputType } from '../../core/input.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list } from '../shape/list.ts';
import { defaulted, optional, record } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { located } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { inputName } from '../format/names.ts';
import { decimal } from '../format/numbers.ts';
import { inputOption, inputText, truth } from '../format/text.ts';

export const INPUT_TYPES = ['string', 'boolean', 'number', 'choice'] as const satisfies readonly InputType[];

/** A value that a build by hand is asked for. */
export const inputRecord = record(
  'an input',
  {
    type: defaulted(word(INPUT_TYPES), 'What its value is.', 'string', '`string`'),
    description: optional(scalar(inputText), 'What it is, for who is asked.'),
    default: optional(
      located(scalar(inputText)),
      'Its value where none is given: in the form, and in builds of all other events.',
      'none; of a boolean `false`',
    ),
    required: defaulted(
      scalar(truth),
      'Whether a build by hand needs a value that is not empty.',
      false,
      '`false`',
    ),
    options: optional(
      located(list(scalar(inputOption), 'a list of values such as `[staging, production]`')),
      'The values of a `choice`.',
      'none',
    ),
    pattern: optional(
      located(scalar(inputText)),
      "A pattern of RE2 that a `string`'s value matches, e.g. `^v[0-9]+$`.",
      'any text',
    ),
    min: optional(located(scalar(decimal)), 'The least that a `number` may be.', 'no bound'),
    max: optional(located(scalar(decimal)), 'The most that a `number` may be.', 'no bound'),
  },
  { deprecationMessage: 'Write it in `description`.', value: 'Write `default`.' },
);

export type InputRecord = ValueOf<typeof inputRecord>;

export const inputs = dictionary(inputName, inputRecord, 'a map from name to input');
export type InputsSpec = ValueOf<typeof inputs>;
