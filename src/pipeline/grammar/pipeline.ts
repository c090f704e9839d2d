import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list } from '../shape/list.ts';
import { defaulted, optional, record } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { deployRecord } from './deploy.ts';
import type { DeploySpec } from './deploy.ts';
import { labelName, labelValue } from './formats.ts';
import { image } from './image.ts';
import { pushRecord } from './push.ts';
import { services } from './services.ts';
import { steps } from './steps.ts';

const deployments = 'a deployment, or a list of deployments';
const deploy = choice(
  {
    list: list(deployRecord, deployments),
    map: mapped(deployRecord, (one): readonly DeploySpec[] => [one]),
  },
  deployments,
);

/** The whole file. */
export const pipelineRecord = record(
  'the file',
  {
    image: optional(
      image,
      'The image: built once, tested, shipped. `none` builds no image, whatever the repository has.',
      'the Dockerfile, where there is one',
    ),
    services: defaulted(services.shape, 'Containers alive beside the steps.', [], 'none'),
    steps: defaulted(steps.shape, 'What is run, each in a container of its own.', [], 'none'),
    push: optional(pushRecord, 'Where the image is published.', 'nowhere'),
    deploy: defaulted(deploy, 'Where it runs.', [], 'nowhere'),
    labels: defaulted(
      dictionary(labelName, scalar(labelValue), 'a map from label to value'),
      'What the worker must have, e.g. `{ gpu: yes }`; labels come with the token of a worker.',
      [],
      'any worker',
    ),
  },
  {
    matrix: 'Write one step for each case.',
    when: 'Write `when` on steps, `push` and `deploy`.',
    clone: 'The commit is always checked out.',
    skip_clone: 'The commit is always checked out.',
    workspace: 'The workspace is chosen by Slipway.',
    depends_on: 'A file has one workflow.',
    variables: 'Put an anchor on the first value that has it.',
    workflows: 'A file has one workflow.',
    cache: 'The image build has its own cache.',
    reports: 'Read the log.',
    release: 'Use `deploy`.',
    approval: 'Leave the environment out of the file and deploy by hand.',
    notify: 'Use a step with `when: { status: [failure] }`.',
    platform: 'Write `labels`, as the workers of that platform have them.',
    branches: 'Write `when` on steps, `push` and `deploy`.',
    runs_on: 'Write `status` in the `when` of a step.',
    concurrency: 'Deployments of one environment are always one after another.',
    env: 'Write `environment` on each step.',
    environment: 'Write `environment` on each step.',
  },
);

export type PipelineSpec = ValueOf<typeof pipelineRecord>;
