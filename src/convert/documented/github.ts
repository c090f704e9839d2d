import type { Place } from './place.ts';
import { OF_DOCKER_ACTIONS } from './docker-actions.ts';
import { NESTED } from './nested-github.ts';

const GITHUB = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    container: "node:20"\n';
const GITHUB_UPLOAD = '{ uses: actions/upload-artifact@v4, with: { path: a.txt, name: a } }';
const GITHUB_STEP = `${GITHUB}    steps:\n      - `;

/** Documented keys of GitHub, as of 2026. */
export const OF_GITHUB: readonly Place[] = [
  {
    where: 'file',
    file: (line) =>
      (line.startsWith('on:') ? GITHUB.replace(/^on: push\n/, `${line}\n`) : `${line}\n${GITHUB}`) +
      '    steps: [{ run: x }]\n',
    keys: {
      name: 'CI',
      'run-name': 'CI',
      on: '{ push: { branches: [main], paths: [a] }, pull_request: { branches: [main] }, workflow_dispatch: {} }',
      env: '{ A: b }',
      defaults: '{ run: { working-directory: a } }',
      permissions: 'read-all',
      concurrency: 'a',
    },
  },
  {
    where: 'job',
    file: (line) => {
      const key = (line.split(':')[0] ?? '').replace(/[^\w-]/g, '');
      return `on: push\njobs:\n  other: { runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x }] }\n  one:\n${[
        'runs-on: ubuntu-latest',
        'container: "node:20"',
        'steps: [{ run: x }, { run: x }]',
      ]
        .filter((one) => !one.startsWith(`${key}:`) && key !== 'uses')
        .map((one) => `    ${one}\n`)
        .join('')}    ${line}\n`;
    },
    keys: {
      name: 'one',
      needs: 'other',
      'runs-on': '[self-hosted, gpu]',
      if: "github.ref == 'refs/heads/main'",
      env: '{ A: b }',
      defaults: '{ run: { working-directory: a } }',
      steps: '[{ run: x }]',
      strategy: '{ matrix: { a: [b, c] } }',
      container: '{ image: "node:20", env: { A: b } }',
      services: '{ db: { image: "postgres:15", env: { A: b } } }',
      'timeout-minutes': '5',
      'continue-on-error': 'true',
      permissions: 'read-all',
      environment: 'production',
      outputs: '{ a: b }',
      concurrency: 'a',
      uses: './.github/workflows/a.yml',
    },
  },
  {
    where: 'step',
    file: (line) =>
      line.includes('download-artifact')
        ? `${GITHUB_STEP}${GITHUB_UPLOAD}\n  two:\n    needs: one\n    container: "node:20"\n    steps:\n      - ${line}\n      - run: x\n`
        : line.startsWith('uses')
          ? `${line.includes('setup-') ? GITHUB_STEP.replace(/ +container: .*\n/, '') : GITHUB_STEP}${line}\n      - run: x\n`
          : `${GITHUB_STEP}${line}\n${line.startsWith('run') ? '' : '        run: x\n'}`,
    keys: {
      id: 'a',
      name: 'a',
      run: 'x',
      if: "github.event_name == 'push'",
      env: '{ A: "${{ secrets.B }}" }',
      shell: 'bash',
      'working-directory': 'a',
      'timeout-minutes': '5',
      'continue-on-error': 'true',
      'uses: actions/checkout': 'actions/checkout@v4',
      'uses: actions/setup-node': 'actions/setup-node@v4',
      'uses: actions/setup-python': 'actions/setup-python@v5',
      'uses: actions/setup-go': 'actions/setup-go@v5',
      'uses: actions/setup-java': 'actions/setup-java@v4',
      'uses: actions/cache': 'actions/cache@v4\n        with: { path: a, key: "b-${{ hashFiles(\'c\') }}" }',
      'uses: actions/upload-artifact': 'actions/upload-artifact@v4\n        with: { path: a }',
      'uses: actions/download-artifact': 'actions/download-artifact@v4\n        with: { name: a }',
      'uses: docker/build-push-action': 'docker/build-push-action@v6',
      'uses: docker/login-action, in a job that builds none': 'docker/login-action@v3',
      'uses: any other': 'some/action@v1',
    },
  },
  {
    where: 'on',
    file: (line) =>
      `on:\n${line.startsWith('push') ? '' : '  push: {}\n'}  ${line}\n${GITHUB.replace('on: push\n', '')}    steps: [{ run: x }]\n`,
    keys: {
      push: '{ branches: [main], tags: ["v*"], paths-ignore: [a] }',
      pull_request: '{ branches: [main], types: [opened] }',
      workflow_dispatch: '{ inputs: { a: { type: boolean } } }',
      schedule: '[{ cron: 0 0 * * * }]',
      release: '{ types: [published] }',
      workflow_call: '{}',
      workflow_run: '{ workflows: [a] }',
      pull_request_target: '{}',
      issues: '{}',
      issue_comment: '{}',
      merge_group: '{}',
      repository_dispatch: '{}',
      deployment: '{}',
    },
  },
  {
    where: 'strategy',
    file: (line) => `${GITHUB}    strategy:\n      ${line}\n    steps: [{ run: x }]\n`,
    keys: { matrix: '{ a: [b, c], exclude: [{ a: c }] }', 'fail-fast': 'false', 'max-parallel': '1' },
  },
  {
    where: 'concurrency',
    file: (line) =>
      `concurrency:\n  ${line}\n${line.startsWith('group') ? '' : '  group: a\n'}${line.startsWith('queue') ? '' : '  queue: max\n'}${GITHUB}    steps: [{ run: x }]\n`,
    keys: { group: 'a', 'cancel-in-progress': 'true', queue: 'max' },
  },
  {
    where: 'checkout',
    file: (line) =>
      `${GITHUB_STEP}uses: actions/checkout@v4\n        with:\n          ${line}\n      - run: x\n`,
    keys: {
      'fetch-depth': '0',
      'fetch-tags': 'true',
      filter: 'blob:none',
      clean: 'true',
      'persist-credentials': 'false',
      submodules: 'recursive',
      lfs: 'true',
      ref: 'main',
      repository: 'a/b',
      token: 'a',
      'ssh-key': 'a',
      path: 'a',
      'sparse-checkout': 'a',
    },
  },
  {
    where: 'container',
    file: (line) =>
      `on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    container:\n      ${line.startsWith('image') ? '' : 'image: "node:20"\n      '}${line}\n    steps: [{ run: x }]\n`,
    keys: {
      image: '"node:20"',
      env: '{ A: b }',
      credentials: '{ username: a }',
      ports: '[1]',
      volumes: '[a]',
      options: '--cpus 1',
    },
  },
  {
    where: 'service',
    file: (line) =>
      `${GITHUB}    services:\n      db:\n        ${line.startsWith('image') ? '' : 'image: "postgres:15"\n        '}${line}\n    steps: [{ run: x }]\n`,
    keys: {
      image: '"postgres:15"',
      env: '{ A: b }',
      ports: '[1]',
      options: '--health-cmd pg_isready',
      credentials: '{ username: a }',
      volumes: '[a]',
      command: 'a',
      entrypoint: 'a',
    },
  },
  ...OF_DOCKER_ACTIONS,
  ...NESTED,
];
