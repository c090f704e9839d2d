import { choice } from '../shape/choice.ts';
import { list } from '../shape/list.ts';
import { defaulted, optional, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { projectPath, repositoryPath } from '../format/paths.ts';
import { anyText } from '../format/text.ts';
import { services } from './services.ts';
import { steps } from './steps.ts';
import { anything } from './values.ts';

const file = located(scalar(repositoryPath));

/** One file that is included. */
export const includeRecord = record('an include', {
  file: required(file, 'Path of the file, from the top of its repository.'),
  project: optional(
    located(scalar(projectPath)),
    'Project of the server that the file is of, by its path.',
    'this repository',
  ),
  commit: optional(
    located(scalar(anyText)),
    'Commit of that project, in 40 hex digits; needed with `project`.',
    'the commit of the build',
  ),
});

export type IncludeSpec = ValueOf<typeof includeRecord>;

const phrase = 'a path inside the repository, a map with `file`, `project` and `commit`, or a list of these';
const local = mapped(file, (one): IncludeSpec => ({ file: one, project: null, commit: null }));
const one = choice<IncludeSpec>({ text: local, map: includeRecord }, phrase);

export const includes = choice<readonly IncludeSpec[]>(
  {
    text: mapped(local, (only): readonly IncludeSpec[] => [only]),
    map: mapped(includeRecord, (only): readonly IncludeSpec[] => [only]),
    list: list(one, phrase),
  },
  phrase,
);

/** What a file that is included may have. */
export const includedRecord = record('an included file', {
  include: defaulted(includes, 'Files whose services and steps come before those of this one.', [], 'none'),
  services: defaulted(services.shape, 'Containers alive beside the steps.', [], 'none'),
  steps: defaulted(steps.shape, 'What is run, each in a container of its own.', [], 'none'),
  variables: optional(anything, 'Anything, to carry anchors of this file.', 'none'),
});

export type IncludedSpec = ValueOf<typeof includedRecord>;
