import { defaulted, optional, record, required } from '../shape/record.ts';
import { oneOrMore, list } from '../shape/list.ts';
import { choice } from '../shape/choice.ts';
import { namedList } from '../shape/named-list.ts';
import { scalar, word } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { cache } from './cache.ts';
import { stepDependencies } from './depends-on.ts';
import { imageTemplate } from '../format/images.ts';
import { artifactName, stepNameTemplate } from '../format/names.ts';
import { filePattern, repositoryPath } from '../format/paths.ts';
import { duration } from '../format/times.ts';
import { pull } from './pull.ts';
import { retry } from './retry.ts';
import { settings } from './settings.ts';
import { split } from './split.ts';
import { commands, environment, words } from './values.ts';
import { volumes } from './volumes.ts';
import { stepWhen } from './when.ts';

const patterns = oneOrMore(scalar(filePattern), 'a pattern of files, or a list of them');

/** Which files say what a step has found out. */
export const reportsRecord = record('the reports of a step', {
  junit: required(patterns, 'Test reports in the JUnit form, from where the commands start.'),
});

/** Which files are kept. */
export const artifactsRecord = record('the artifact of a step', {
  paths: required(patterns, 'Files and folders, from where the commands start.'),
  name: optional(scalar(artifactName), 'Name that it is shown and downloaded under.', '`files`'),
  expire: optional(scalar(duration('1h', '3650d')), 'After this it is removed.', 'with its build'),
});

type ArtifactsSpec = ValueOf<typeof artifactsRecord>;
const NO_ARTIFACTS: ArtifactsSpec = { paths: [], name: null, expire: null };

const artifacts = choice(
  {
    list: mapped(list(scalar(filePattern), 'a list of patterns'), (paths): ArtifactsSpec => ({
      ...NO_ARTIFACTS,
      paths,
    })),
    map: artifactsRecord,
  },
  'a list of patterns of files, or a map with `paths`, `name` and `expire`',
);

const NOT_YET = {
  matrix: 'Write `matrix` at the top of the file.',
  approval: 'Deploy another environment by hand.',
  secrets: 'Write `environment: { NAME: { from_secret: name } }`.',
  privileged: 'No container of a build is privileged.',
  detach: 'Use `services`.',
  group: 'Use `depends_on`.',
  backend_options: 'Limits are set by the operator.',
  working_dir: 'Write `directory`.',
  resources: 'Limits are set by the operator.',
  dns: 'The network is set by the operator.',
};

export const steps = namedList(
  'a step',
  stepNameTemplate,
  {
    image: optional(located(scalar(imageTemplate)), 'Image that it runs in.', 'the image just built'),
    pull,
    commands: defaulted(
      commands,
      'Run in order by `sh -e`, each echoed: in the image just built from its `WORKDIR`, in others from `/workspace`.',
      [],
      'none: with `settings` or `entrypoint` the image runs its own program',
    ),
    settings: optional(settings, 'Runs the plugin that the image is, with these as `PLUGIN_*`.', 'none'),
    entrypoint: optional(
      words,
      'Words that run instead of the entrypoint and the command of the image.',
      "the image's own",
    ),
    directory: optional(
      scalar(repositoryPath),
      'Folder that the commands start in, below where they start without it.',
      'none',
    ),
    environment: defaulted(environment, 'Its environment, beside the `CI_*` variables.', [], 'none'),
    depends_on: optional(
      stepDependencies,
      'Steps that must be over first.',
      'the step before, as long as no step has this key',
    ),
    when: optional(stepWhen, 'Conditions of which one must hold; otherwise the step is skipped.', 'always'),
    timeout: optional(scalar(duration('1s', '7d')), 'After this the step ends as a failure.', '`60m`'),
    failure: defaulted(
      word(['fail', 'ignore', 'cancel']),
      'What its failure does: `fail` the build, be ignored, or `cancel` what runs beside it and the other workflows.',
      'fail',
      '`fail`',
    ),
    volumes: defaulted(
      volumes,
      'Volumes that steps and services of the workflow share, and that go with it.',
      [],
      'none',
    ),
    retry: optional(retry, 'How often it is tried again when it failed.', 'once tried, it is over'),
    split: optional(
      split,
      'How many times it runs side by side, each time with a share of its test files.',
      'once, with all of them',
    ),
    artifacts: optional(
      artifacts,
      'Files that are kept with the build when the commands are over, however they ended.',
      'nothing',
    ),
    cache: optional(
      cache,
      'Files that are restored before the commands, and saved for later builds after they succeeded.',
      'nothing',
    ),
    reports: optional(
      reportsRecord,
      'Files that say how its tests ended, read when it has ended, however.',
      'none',
    ),
  },
  NOT_YET,
  ['commands', 'settings', 'entrypoint'],
);

export type StepSpec = ValueOf<typeof steps.shape>[number];
