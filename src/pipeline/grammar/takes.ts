import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { defaulted, optional, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { defined, located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { artifactName, variableName, workflowName } from '../format/names.ts';
import { repositoryPath } from '../format/paths.ts';
import { matrixValue, truth } from '../format/text.ts';

/** What a workflow takes of another one. */
export const takeRecord = record(
  'artifacts that are taken',
  {
    from: required(located(scalar(workflowName)), 'Workflow that keeps them, and is waited for.'),
    name: optional(
      oneOrMore(located(scalar(artifactName)), 'the name of an artifact, or a list of names'),
      'Which of its artifacts.',
      'all of them',
    ),
    path: defaulted(
      scalar(repositoryPath),
      'Folder of the workspace that they are unpacked in.',
      '.',
      'the workspace',
    ),
    matrix: optional(
      dictionary(variableName, located(scalar(matrixValue)), 'a map from variable of its matrix to value'),
      'Which combinations of its matrix.',
      'those with the values that this one has',
    ),
    optional: defaulted(scalar(truth), 'Whether it is well where there is none.', false, '`false`'),
  },
  {
    paths: 'Write `artifacts` with `paths` on the step that keeps the files.',
    expire: 'Write `artifacts` with `expire` on the step that keeps the files.',
    steps: 'Give the artifact a `name` in that step.',
  },
);

export type TakeSpec = ValueOf<typeof takeRecord>;

const one = defined('take', takeRecord);

/** Of one workflow, or of several. */
export const takes = choice(
  {
    map: mapped(one, (only): readonly TakeSpec[] => [only]),
    list: list(one, 'a list of maps with `from`', 1, 64),
  },
  'a map with `from`, `name` and `path`, or a list of such maps',
  'list',
);
