import type { Place } from './place.ts';

const DRONE = 'kind: pipeline\ntype: docker\nname: one\n';
const STEP = '- name: one\n  image: "busybox:1.36"\n  commands: [x]\n';
const STEPS = `steps:\n${STEP}`;
const inPipeline = (key: string) => (line: string) => `${DRONE}${key}:\n  ${line}\n${STEPS}`;
const inStep = (key: string) => (line: string) => `${DRONE}${STEPS}  ${key}:\n    ${line}\n`;
const EVENTS = ['push', 'pull_request', 'tag', 'custom', 'promote', 'rollback', 'cron'];

/** Keys inside of values, and documents of other kinds. */
export const NESTED: readonly Place[] = [
  {
    where: 'kind',
    file: (line) => `${line}\nname: a\n---\n${DRONE}${STEPS}`,
    line: (key) => `kind: ${key}`,
    keys: { secret: '', signature: '', template: '', cron: '', registry: '' },
  },
  {
    where: 'type',
    file: (line) => `kind: pipeline\n${line}\nname: a\n${STEPS}---\n${DRONE}${STEPS}`.replace('one', 'b'),
    line: (key) => `type: ${key}`,
    keys: {
      docker: '',
      kubernetes: '',
      exec: '',
      ssh: '',
      vm: '',
      digitalocean: '',
      macstadium: '',
      aws: '',
    },
  },
  {
    where: 'platform',
    file: inPipeline('platform'),
    keys: { os: 'linux', arch: 'arm64', variant: 'v8', version: '1803' },
  },
  { where: 'concurrency', file: inPipeline('concurrency'), keys: { limit: '1' } },
  { where: 'workspace', file: inPipeline('workspace'), keys: { base: '/go', path: '/go' } },
  {
    where: 'trigger',
    file: inPipeline('trigger'),
    keys: {
      branch: 'main',
      event: '[push]',
      ref: 'refs/heads/main',
      repo: 'a/b',
      instance: 'ci.example.com',
      status: '[failure]',
      paths: '[a]',
      cron: 'nightly',
      target: 'production',
      action: '[opened]',
    },
  },
  {
    where: 'event',
    file: inStep('when'),
    line: (key) => `event: ${key}`,
    keys: Object.fromEntries(EVENTS.map((one) => [one, ''])),
  },
  {
    where: 'condition.branch',
    file: (line) => `${DRONE}${STEPS}  when:\n    branch:\n      ${line}\n`,
    keys: { include: '[main]', exclude: '[main]' },
  },
  {
    where: 'volume',
    file: (line) => `${DRONE}volumes:\n- name: a\n  ${line}\n${STEPS}  volumes: [{ name: a, path: /a }]\n`,
    keys: { temp: '{}', host: '{ path: /a }', claim: '{ name: a }', config_map: '{}', secret: '{}' },
  },
  {
    where: 'volume.temp',
    file: (line) =>
      `${DRONE}volumes:\n- name: a\n  temp:\n    ${line}\n${STEPS}  volumes: [{ name: a, path: /a }]\n`,
    keys: { medium: 'memory', size_limit: '1G' },
  },
  {
    where: 'service',
    file: (line) =>
      `${DRONE}services:\n- name: db\n  ${line.startsWith('image') ? '' : 'image: "postgres:15"\n  '}${line}\n${line.startsWith('volumes') ? 'volumes: [{ name: a, temp: {} }]\n' : ''}${STEPS}`,
    keys: {
      image: '"postgres:15"',
      environment: '{ A: b }',
      commands: '[x]',
      entrypoint: '[x]',
      command: '[x]',
      ports: '[1]',
      volumes: '[{ name: a, path: /a }]',
      privileged: 'true',
      pull: 'always',
      working_dir: '/a',
      when: '{ branch: main }',
      user: 'root',
      network_mode: 'host',
      resources: '{}',
    },
  },
  { where: 'resources', file: inStep('resources'), keys: { limits: '{ cpu: 1 }', requests: '{ cpu: 1 }' } },
  {
    where: 'pull',
    file: (line) => `${DRONE}${STEPS}  ${line}\n`,
    line: (key) => `pull: ${key}`,
    keys: { always: '', never: '', 'if-not-exists': '' },
  },
  {
    where: 'pipeline for Kubernetes',
    file: (line) => `${DRONE.replace('docker', 'kubernetes')}${line}\n${STEPS}`,
    keys: {
      metadata: '{ namespace: a }',
      tolerations: '[]',
      dns_config: '{}',
      host_aliases: '[]',
      node_selector: '{ a: b }',
      service_account_name: 'a',
    },
  },
];
