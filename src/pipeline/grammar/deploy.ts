import { choice } from '../shape/choice.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { defaulted, optional, record, required } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import { environmentName } from '../format/names.ts';
import { cpus, memory, passes, port } from '../format/numbers.ts';
import { hostTemplate, urlPath } from '../format/paths.ts';
import { duration } from '../format/times.ts';
import { volume } from '../format/volumes.ts';
import { commands, environment, words } from './values.ts';
import { stageWhen } from './when.ts';

export const resourcesRecord = record(
  '`resources`',
  {
    memory: optional(scalar(memory), 'Most memory, e.g. `512m`.', 'no limit'),
    cpus: optional(scalar(cpus), 'Most processors, e.g. `0.5`.', 'no limit'),
  },
  { replicas: 'An environment has one live slot.' },
);

export const healthRecord = record(
  '`health`',
  {
    path: optional(scalar(urlPath), 'Asked through the router; 200 to 399 is a pass.', '`/`'),
    passes: optional(scalar(passes), 'Passes in a row.', '2'),
    timeout: optional(scalar(duration('1s', '1h')), 'How long it may take.', '`60s`'),
  },
  { interval: 'Checks come after 50 ms, doubling to 500 ms.', command: 'Use `smoke`.' },
);

const health = choice(
  {
    text: mapped(scalar(urlPath), (path): ValueOf<typeof healthRecord> => ({
      path,
      passes: null,
      timeout: null,
    })),
    map: healthRecord,
  },
  'a path, or a map with `path`, `passes` and `timeout`',
);

export const smokeRecord = record('`smoke`', {
  commands: required(commands, 'Run in the image that ships; the candidate is at `$SLIPWAY_CANDIDATE_URL`.'),
  timeout: optional(scalar(duration('1s', '1h')), 'How long it may take.', '`5m`'),
});

export const drainRecord = record('`drain`', {
  requests: optional(scalar(duration('0s', '1h')), 'How long requests may still take.', '`30s`'),
  connections: optional(scalar(duration('0s', '24h')), 'How long long connections may stay.', '`5m`'),
});

const hosts = oneOrMore(located(scalar(hostTemplate)), 'a host name, or a list of host names');

export const deployRecord = record(
  'a deployment',
  {
    environment: required(located(scalar(environmentName)), 'Where to, e.g. `production`.'),
    when: optional(
      stageWhen,
      'Conditions of which one must hold.',
      'pushes and manual builds of the default branch',
    ),
    port: required(scalar(port), 'Port that the app listens on.'),
    host: required(hosts, 'Public host names that lead to it.'),
    env: defaulted(environment, 'Environment of the app.', [], 'none'),
    volumes: defaulted(
      list(located(scalar(volume)), 'a list of volumes such as `uploads:/data`', 0),
      'Named volumes that outlive releases.',
      [],
      'none',
    ),
    command: defaulted(words, "Words of the app's command.", [], "the image's own command"),
    resources: optional(resourcesRecord, 'Limits of the app.', 'none'),
    health: optional(health, 'When a candidate counts as healthy; a path alone is enough.', 'see below'),
    smoke: optional(smokeRecord, 'Test of the candidate before any traffic.', 'none'),
    drain: optional(drainRecord, 'How the old slot ends its work.', 'see below'),
    standby: optional(
      scalar(duration('0s', '30d')),
      'How long the old slot stays ready for a rollback.',
      '`1h`',
    ),
    prepare: defaulted(
      word(['pull', 'after-tests'], ['start']),
      'How early the target prepares: `pull` the layers and start the container, held, beside the tests, or all `after-tests`.',
      'pull',
      '`pull`',
    ),
  },
  {
    release: 'Run migrations when the app starts.',
    approval: 'Leave the environment out of the file and deploy by hand.',
    watch: 'Roll back by hand.',
    canary: 'Traffic switches at once.',
    background: 'Every app is served through the router.',
    replicas: 'An environment has one live slot.',
    retry: 'Run the deployment again by hand.',
    target: 'Deployments go to the router of the worker.',
    driver: 'Deployments go to Docker.',
    preview: 'Name an environment.',
    image: 'What is deployed is the image of this build.',
  },
);

export type DeploySpec = ValueOf<typeof deployRecord>;
