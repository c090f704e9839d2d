import type { Place } from './place.ts';

const TWO =
  'steps:\n  - name: one\n    image: "busybox:1.36"\n    commands: [x]\n  - name: two\n    image: "busybox:1.36"\n    commands: [x]\n';
const inStep = (key: string) => (line: string) => `${TWO}    ${key}:\n      ${line}\n`;
const KUBERNETES = { resources: '{}', labels: '{}', annotations: '{}', tolerations: '[]' };

/** Keys inside of values. */
export const NESTED: readonly Place[] = [
  {
    where: 'depends_on of a step',
    file: (line) =>
      `${TWO}    depends_on:\n      - ${line.startsWith('name') ? line : `name: one\n        ${line}`}\n`,
    keys: { name: 'one', optional: 'true' },
  },
  {
    where: 'depends_on of a file',
    file: (line) => `depends_on:\n  - ${line.startsWith('name') ? line : `name: other\n    ${line}`}\n${TWO}`,
    keys: { name: 'other', optional: 'true' },
  },
  {
    where: 'concurrency',
    file: (line) => `concurrency:\n  ${line.startsWith('limit') ? line : `limit: 1\n  ${line}`}\n${TWO}`,
    keys: { limit: '1', group: 'deploy' },
  },
  {
    where: 'workspace',
    file: (line) => `workspace:\n  ${line}\n${TWO}`,
    keys: { base: '/go', path: 'src' },
  },
  {
    where: 'matrix',
    file: (line) => `matrix:\n  ${line}\n${TWO}`,
    keys: { include: '[{ GO: "1" }, { GO: "2" }]' },
  },
  {
    where: 'labels',
    file: (line) => `labels:\n  ${line}\n${TWO}`,
    keys: { platform: 'linux/arm64', hostname: 'one', backend: 'docker', repo: 'a/b' },
  },
  {
    where: 'secret',
    file: (line) =>
      `${TWO}    secrets:\n      - ${line.startsWith('source') ? line : `source: a\n        ${line}`}\n`,
    keys: { source: 'b', target: 'c' },
  },
  { where: 'environment', file: inStep('environment'), keys: { A: '{ from_secret: a }' } },
  {
    where: 'settings',
    file: (line) => `${TWO.replace(/    commands: \[x\]\n$/, '')}    settings:\n      ${line}\n`,
    keys: { a: '{ from_secret: a }' },
  },
  {
    where: 'event',
    file: inStep('when'),
    line: (key) => `event: ${key}`,
    keys: {
      push: '',
      pull_request: '',
      pull_request_closed: '',
      pull_request_metadata: '',
      tag: '',
      deployment: '',
      cron: '',
      manual: '',
      release: '',
    },
  },
  {
    where: 'condition.branch',
    file: (line) => `${TWO}    when:\n      branch:\n        ${line}\n`,
    keys: { include: '[main]', exclude: '[main]' },
  },
  {
    where: 'condition.path',
    file: (line) => `${TWO}    when:\n      path:\n        ${line}\n`,
    keys: { include: '[a]', exclude: '[a]', ignore_message: '"[all]"', on_empty: 'true' },
  },
  {
    where: 'backend_options.docker',
    file: (line) => `${TWO}    backend_options:\n      docker:\n        ${line}\n`,
    keys: { user: 'a' },
  },
  {
    where: 'backend_options.kubernetes',
    file: (line) => `${TWO}    backend_options:\n      kubernetes:\n        ${line}\n`,
    keys: {
      ...KUBERNETES,
      securityContext: '{}',
      runtimeClassName: 'a',
      serviceAccountName: 'a',
      workspaceVolume: 'a',
      hostUsers: 'true',
      nodeSelector: '{}',
      affinity: '{}',
      secrets: '[]',
    },
  },
];
