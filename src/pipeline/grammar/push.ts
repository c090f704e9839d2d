import { oneOrMore } from '../shape/list.ts';
import { optional, record } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { located } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { repository, tagTemplate } from '../format/images.ts';
import { stageWhen } from './when.ts';

export const pushRecord = record(
  '`push`',
  {
    repository: optional(
      scalar(repository),
      "Where the image goes; without a host, to the server's registry.",
      "the project's path",
    ),
    tags: optional(
      oneOrMore(located(scalar(tagTemplate)), 'a tag, or a list of tags'),
      'Set on the tested digest once every step is green; `${NAME}` takes a variable.',
      'the commit, the branch on the default branch, the name of a tag',
    ),
    when: optional(stageWhen, 'Conditions of which one must hold.', 'every push, tag and manual build'),
  },
  {
    registry: 'Write the host in `repository`.',
    username: 'Give the server the login: `slipway registry login HOST --username NAME`.',
    password: 'Give the server the login: `slipway registry login HOST --username NAME`.',
  },
);

export type PushSpec = ValueOf<typeof pushRecord>;
