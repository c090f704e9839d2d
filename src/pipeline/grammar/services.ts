import { choice } from '../shape/choice.ts';
import { defaulted, optional, record, required } from '../shape/record.ts';
import { namedList } from '../shape/named-list.ts';
import { scalar } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { imageTemplate } from '../format/images.ts';
import { serviceNameTemplate } from '../format/names.ts';
import { command } from '../format/text.ts';
import { duration } from '../format/times.ts';
import { pull } from './pull.ts';
import { commands, environment } from './values.ts';
import { volumes } from './volumes.ts';

export const readyRecord = record('`ready`', {
  command: optional(
    scalar(command),
    'Run in the service again and again until it succeeds.',
    "the image's HEALTHCHECK, else its first port",
  ),
  timeout: optional(scalar(duration('1s', '1h')), 'How long it may take.', '`60s`'),
});

const ready = choice(
  {
    text: mapped(scalar(command), (text): ValueOf<typeof readyRecord> => ({ command: text, timeout: null })),
    map: readyRecord,
  },
  'a command, or a map with `command` and `timeout`',
);

const NOT_YET = {
  ports: 'Steps reach every port of a service under its name.',
  when: 'A service runs whenever a step runs.',
  privileged: 'No container of a build is privileged.',
  entrypoint: 'Use `commands`.',
  depends_on: 'Services start together; use `ready`.',
  backend_options: 'Limits are set by the operator.',
};

export const services = namedList(
  'a service',
  serviceNameTemplate,
  {
    image: required(located(scalar(imageTemplate)), 'Image that it runs.'),
    pull,
    environment: defaulted(environment, 'Its environment.', [], 'none'),
    commands: defaulted(
      commands,
      "Run by `sh -e` instead of the image's own command.",
      [],
      "the image's own command",
    ),
    volumes: defaulted(
      volumes,
      'Volumes that steps and services of the workflow share, and that go with it.',
      [],
      'none',
    ),
    ready: optional(ready, 'How it is known to be ready; a command alone is enough.', 'see below'),
  },
  NOT_YET,
);

export type ServiceSpec = ValueOf<typeof services.shape>[number];
