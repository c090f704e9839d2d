import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list } from '../shape/list.ts';
import { defaulted, optional, record } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { located } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { secretName, stageName, variableName } from '../format/names.ts';
import { repositoryPath } from '../format/paths.ts';
import { anyText } from '../format/text.ts';
import { duration } from '../format/times.ts';

export const imageRecord = record(
  '`image`',
  {
    dockerfile: defaulted(scalar(repositoryPath), 'Path of the Dockerfile.', 'Dockerfile', '`Dockerfile`'),
    context: defaulted(scalar(repositoryPath), 'Folder that the build sees.', '.', '`.`'),
    target: optional(scalar(stageName), 'Stage that ships.', 'the last stage'),
    test_target: optional(located(scalar(stageName)), 'Stage that steps run in.', 'the image that ships'),
    args: defaulted(
      dictionary(variableName, located(scalar(anyText)), 'a map from build argument to text'),
      'Build arguments (`ARG`). They stay in the image: no secrets.',
      [],
      'none',
    ),
    secrets: defaulted(
      list(located(scalar(secretName)), 'a list of names of secrets', 0),
      'Secrets for `RUN --mount=type=secret,id=<name>`; they never become part of a layer, and a changed one does not run a cached `RUN` again.',
      [],
      'none',
    ),
    timeout: optional(
      scalar(duration('1s', '7d')),
      'After this the build of the image ends as a failure.',
      '`60m`',
    ),
  },
  {
    cache: 'The cache of BuildKit is always used.',
    platforms: 'Images are built for the platform of the worker.',
    tags: 'Tags are set by `push`.',
    ssh: 'Use a secret.',
    labels: 'Write LABEL in the Dockerfile.',
  },
);

/** What is built, or the word for nothing, also where there is a Dockerfile. */
export const image = choice<ImageSpec | 'none'>(
  { text: word(['none']), map: imageRecord },
  '`none`, or a map with `dockerfile`, `context`, `target` …',
  'map',
);

export type ImageSpec = ValueOf<typeof imageRecord>;
