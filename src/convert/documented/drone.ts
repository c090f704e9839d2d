import type { Place } from './place.ts';
import { NESTED } from './nested-drone.ts';

const DRONE = 'kind: pipeline\nname: one\n';
const DRONE_STEPS = `${DRONE}steps:\n- name: one\n  image: "busybox:1.36"\n`;

/** Documented keys of Drone 1 and 2. */
export const OF_DRONE: readonly Place[] = [
  {
    where: 'pipeline',
    file: (line) => {
      const [key] = line.split(':');
      return `${['kind', 'name'].includes(key ?? '') ? DRONE.replace(new RegExp(`^${key}.*\n`, 'm'), '') : DRONE}${line}\n${key === 'steps' ? '' : 'steps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n'}${key === 'depends_on' ? `---\n${DRONE.replace('one', 'other')}steps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n` : ''}`;
    },
    keys: {
      kind: 'pipeline',
      type: 'docker',
      name: 'one',
      steps: '[{ name: one, image: "busybox:1.36", commands: [x] }]',
      services: '[{ name: db, image: "postgres:15" }]',
      trigger: '{ branch: main }',
      depends_on: '[other]',
      node: '{ disk: ssd }',
      platform: '{ os: linux, arch: arm64 }',
      clone: '{ disable: true }',
      environment: '{ A: b }',
      volumes: '[{ name: a, temp: {} }]',
      workspace: '{ path: /go }',
      concurrency: '{ limit: 1 }',
      image_pull_secrets: '[login]',
    },
  },
  {
    where: 'clone',
    file: (line) =>
      `${DRONE}clone:\n  ${line}\nsteps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n`,
    keys: { disable: 'true', depth: '50', retries: '3', skip_verify: 'true', trace: 'true' },
  },
  {
    where: 'step',
    file: (line) =>
      `${line.startsWith('name') || line.startsWith('image') ? DRONE_STEPS.replace(line.startsWith('name') ? '- name: one\n ' : '  image: "busybox:1.36"\n', line.startsWith('name') ? '-' : '') : DRONE_STEPS}  ${line}\n${/^(?:commands|settings|entrypoint)/.test(line) ? '' : '  commands: [x]\n'}- { name: two, image: "busybox:1.36", commands: [x] }\n${line.startsWith('volumes') ? 'volumes: [{ name: a, temp: {} }]\n' : ''}`,
    keys: {
      name: 'one',
      image: '"busybox:1.36"',
      commands: '[x]',
      environment: '{ A: { from_secret: a } }',
      settings: '{ a: b }',
      when: '{ branch: main }',
      depends_on: '[two]',
      failure: 'ignore',
      detach: 'true',
      pull: 'always',
      entrypoint: '[x]',
      command: '[x]',
      working_dir: 'sub',
      privileged: 'true',
      volumes: '[{ name: a, path: /a }]',
      user: 'root',
      network_mode: 'host',
      resources: '{}',
      devices: '[]',
      dns: '[]',
      extra_hosts: '[]',
      shm_size: '1',
      tmpfs: '[]',
    },
  },
  {
    where: 'condition',
    file: (line) => `${DRONE_STEPS}  commands: [x]\n  when:\n    ${line}\n`,
    keys: {
      branch: 'main',
      event: '[push, pull_request, tag, custom]',
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
  ...NESTED,
];
