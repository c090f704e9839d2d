import { SPLIT_LIMITS, USUAL_TEST_FILES } from '../../core/split.ts';
import { choice } from '../shape/choice.ts';
import { list } from '../shape/list.ts';
import { defaulted, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { splitCount } from '../format/numbers.ts';
import { filePattern } from '../format/paths.ts';

const testFiles = choice<readonly string[] | null>(
  {
    text: mapped(scalar(filePattern), (one) => (one === 'none' ? null : [one])),
    list: list(scalar(filePattern), 'a list of patterns', 1, SPLIT_LIMITS.patterns),
  },
  'a pattern of files, a list of them, or `none`',
);

/** How a step is run in shares. */
export const splitRecord = record('`split`', {
  count: required(scalar(splitCount), 'How many shares the step has.'),
  files: defaulted(
    testFiles,
    'Its test files, from where the commands start; `none`: the commands divide the work themselves.',
    USUAL_TEST_FILES,
    'test files as the usual tools name them',
  ),
});

export type SplitSpec = ValueOf<typeof splitRecord>;

export const split = located(
  choice(
    {
      text: mapped(scalar(splitCount), (count): SplitSpec => ({ count, files: USUAL_TEST_FILES })),
      map: splitRecord,
    },
    `a number from 2 to ${SPLIT_LIMITS.shares}, or a map with \`count\` and \`files\``,
  ),
);
