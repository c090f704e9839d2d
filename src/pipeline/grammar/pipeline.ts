import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { defaulted, optional, record } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { concurrency } from './concurrency.ts';
import { crons } from './cron.ts';
import { deployRecord } from './deploy.ts';
import type { DeploySpec } from './deploy.ts';
import { workflowDependencies } from './depends-on.ts';
import { labelName, labelValue } from '../format/names.ts';
import { truth } from '../format/text.ts';
import { image } from './image.ts';
import { includes } from './include.ts';
import { inputs } from './inputs.ts';
import { matrix } from './matrix.ts';
import { pushRecord } from './push.ts';
import { services } from './services.ts';
import { steps } from './steps.ts';
import { takes } from './takes.ts';
import { anything } from './values.ts';
import { workflowWhen } from './when.ts';

const deployments = 'a deployment, or a list of deployments';
const deploy = choice(
  {
    list: list(deployRecord, deployments),
    map: mapped(deployRecord, (one): readonly DeploySpec[] => [one]),
  },
  deployments,
);

/** The whole file: one workflow, or one for each combination of its matrix. */
export const pipelineRecord = record(
  'the file',
  {
    image: optional(
      located(image),
      'The image: built once, tested, shipped. `none` builds no image, whatever the repository has.',
      'the Dockerfile, where there is one',
    ),
    include: defaulted(includes, 'Files whose services and steps come before those of this one.', [], 'none'),
    services: defaulted(services.shape, 'Containers alive beside the steps.', [], 'none'),
    steps: defaulted(steps.shape, 'What is run, each in a container of its own.', [], 'none'),
    push: optional(pushRecord, 'Where the image is published.', 'nowhere'),
    deploy: defaulted(deploy, 'Where it runs.', [], 'nowhere'),
    variables: optional(anything, 'Anything, to carry anchors; read for nothing else.', 'none'),
    inputs: defaulted(
      inputs,
      'What a build that is started by hand is asked for; steps have it as `CI_INPUT_*`.',
      [],
      'nothing',
    ),
    cron: defaulted(
      crons.shape,
      'When builds of the default branch are made by the clock, as that branch has it.',
      [],
      'never',
    ),
    labels: defaulted(
      dictionary(labelName, scalar(labelValue), 'a map from label to value'),
      'What the worker must have, e.g. `{ gpu: yes }`; labels come with the token of a worker.',
      [],
      'any worker',
    ),
    matrix: optional(
      matrix,
      'The file is run once for each combination, which its values name as `${NAME}` and its steps have in their environment.',
      'once',
    ),
    depends_on: defaulted(
      workflowDependencies,
      'Workflows (files of `.slipway/`, by name) that must be over first.',
      [],
      'none',
    ),
    runs_on: optional(
      oneOrMore(located(word(['success', 'failure'])), '`success`, `failure`, or a list of both'),
      'Which outcome of the workflows in `depends_on` lets it run.',
      '`success`',
    ),
    artifacts: defaulted(
      takes,
      'Artifacts of workflows in `depends_on` that are in the workspace from the start.',
      [],
      'none',
    ),
    concurrency: optional(
      concurrency,
      'How many of this workflow, or of a group of them, run at a time in the project; the others wait, the oldest first.',
      'no limit',
    ),
    skip_clone: optional(
      located(scalar(truth)),
      'Whether the commit is not checked out: the workspace begins empty, and no image is built.',
      '`false`',
    ),
    clone: defaulted(
      steps.shape,
      'Steps that bring the files in the place of the checkout: all others wait for them, and no image is built.',
      [],
      'Slipway checks the commit out',
    ),
    when: optional(
      workflowWhen,
      'Conditions of which one must hold; otherwise the workflow is left out.',
      'always',
    ),
  },
  {
    workspace: 'The workspace is chosen by Slipway.',
    workflows: 'Write a file in `.slipway/` for each.',
    cache: 'Write `cache` on the step that fills it.',
    reports: 'Write `reports: { junit: … }` in the step that writes them.',
    release: 'Use `deploy`.',
    approval: 'Leave the environment out of the file and deploy by hand.',
    notify: 'Use a step with `when: { status: [failure] }`.',
    platform: 'Write `labels`, as the workers of that platform have them.',
    branches: 'Write `when`.',
    env: 'Write `environment` on each step.',
    environment: 'Write `environment` on each step.',
  },
);

export type PipelineSpec = ValueOf<typeof pipelineRecord>;
