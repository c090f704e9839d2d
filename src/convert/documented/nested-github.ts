import type { Place } from './place.ts';

const STEPS = '    steps: [{ run: x }]\n';
const HEAD = '  one:\n    runs-on: ubuntu-latest\n    container: "node:20"\n';
const JOB = `on: push\njobs:\n${HEAD}`;
const inJob = (key: string) => (line: string) => `${JOB}    ${key}:\n      ${line}\n${STEPS}`;
const onEvent = (event: string) => (line: string) => `on:\n  ${event}:\n    ${line}\njobs:\n${HEAD}${STEPS}`;
const each = (names: string, value: string) =>
  Object.fromEntries(names.split(' ').map((one) => [one, value]));

/** An action of the repository that takes its input `a`. */
function action(folder: string, using: string, line: string) {
  const runs = `runs:\n  using: ${using}\n  steps:\n    - { run: "x \${{ inputs.a }}", shell: sh }\n`;
  return { path: `${folder}/action.yml`, content: `${line}\n${runs}` };
}

/** A workflow that calls `a.yml`. */
function caller(line: string) {
  const path = '.github/workflows/ci.yml';
  return { path, content: `on: push\njobs: { two: { uses: ./.github/workflows/a.yml, ${line} } }\n` };
}

const EVENTS =
  'branch_protection_rule check_run check_suite create delete deployment_status discussion discussion_comment fork gollum image_version label milestone page_build project project_card project_column public pull_request_review pull_request_review_comment registry_package status watch';
const SCOPES =
  'actions artifact-metadata attestations checks contents deployments discussions id-token issues models packages pages pull-requests repository-projects security-events statuses';
const OF_GITHUB =
  'action action_path action_ref action_repository action_status actor actor_id api_url base_ref env event event_name event_path graphql_url head_ref job path ref ref_name ref_protected ref_type repository repository_id repository_owner repository_owner_id repositoryUrl retention_days run_attempt run_id run_number secret_source server_url sha token triggering_actor workflow workflow_ref workflow_sha workspace';

/** Keys inside of values, and the words of expressions. */
export const NESTED: readonly Place[] = [
  {
    where: 'on',
    file: (line) => `on:\n  push: {}\n  ${line}\njobs:\n${HEAD}${STEPS}`,
    keys: each(EVENTS, '{}'),
  },
  {
    where: 'on.push',
    file: onEvent('push'),
    keys: each('branches branches-ignore tags tags-ignore paths paths-ignore', '[a]'),
  },
  {
    where: 'on.pull_request',
    file: onEvent('pull_request'),
    keys: {
      ...each('branches branches-ignore paths paths-ignore', '[a]'),
      'types: opened, synchronize, reopened': '[opened, synchronize, reopened]',
      'types: any other': '[labeled]',
    },
  },
  {
    where: 'on.schedule',
    file: (line) =>
      `on:\n  schedule:\n    - ${line.startsWith('cron') ? line : `cron: 0 0 * * *\n      ${line}`}\njobs:\n${HEAD}${STEPS}`,
    keys: { cron: '0 0 * * *', timezone: 'Europe/Berlin' },
  },
  {
    where: 'on.workflow_dispatch.inputs',
    file: (line) =>
      `on:\n  workflow_dispatch:\n    inputs:\n      a:\n        ${line}\n${line.startsWith('options') ? '        type: choice\n' : ''}jobs:\n${HEAD}${STEPS}`,
    keys: {
      description: 'b',
      required: 'true',
      default: 'b',
      type: 'boolean',
      options: '[b, c]',
      deprecationMessage: 'b',
    },
  },
  {
    where: 'on.workflow_call',
    path: '.github/workflows/a.yml',
    file: (line) => `on:\n  workflow_call:\n    ${line}\njobs:\n${HEAD}${STEPS}`,
    beside: [caller('')],
    keys: each('inputs outputs secrets', '{ a: { required: false } }'),
  },
  {
    where: 'on.workflow_call.inputs',
    path: '.github/workflows/a.yml',
    file: (line) =>
      `on:\n  workflow_call:\n    inputs:\n      a:\n        ${line}\njobs:\n${HEAD}    steps: [{ run: "x \${{ inputs.a }}" }]\n`,
    beside: [caller('with: { a: 1 }')],
    keys: { description: 'b', required: 'true', default: 'b', type: 'number', deprecationMessage: 'b' },
  },
  {
    where: 'on.workflow_run',
    file: (line) => `on:\n  push: {}\n  workflow_run:\n    ${line}\njobs:\n${HEAD}${STEPS}`,
    keys: each('workflows types branches branches-ignore', '[a]'),
  },
  { where: 'permissions', file: inJob('permissions'), keys: each(SCOPES, 'read') },
  {
    where: 'defaults.run',
    file: (line) => `${JOB}    defaults:\n      run:\n        ${line}\n${STEPS}`,
    keys: { shell: 'bash', 'working-directory': 'a' },
  },
  { where: 'environment', file: inJob('environment'), keys: each('name url deployment', 'a') },
  {
    where: 'runs-on',
    file: (line) =>
      `on: push\njobs:\n  one:\n    runs-on:\n      ${line}\n    container: "node:20"\n${STEPS}`,
    keys: { group: 'a', labels: '[gpu]' },
  },
  {
    where: 'job',
    file: (line) => `${JOB}    ${line}\n${STEPS}`,
    keys: { snapshot: 'a' },
  },
  {
    where: 'job that calls',
    path: '.github/workflows/ci.yml',
    file: (line) =>
      `${JOB}${STEPS}  two:\n    ${line}\n${line.startsWith('uses') ? '' : '    uses: ./.github/workflows/a.yml\n'}`,
    beside: [
      {
        path: '.github/workflows/a.yml',
        content: `on: { workflow_call: { inputs: { a: {} } } }\njobs:\n${HEAD}    steps: [{ run: "x \${{ inputs.a }} \${{ secrets.B }}" }]\n`,
      },
    ],
    keys: {
      'uses: ./.github/workflows/a.yml': './.github/workflows/a.yml',
      'uses: of another repository': 'a/b/.github/workflows/c.yml@v1',
      with: '{ a: b }',
      'secrets: inherit': 'inherit',
      'secrets: by name': '{ B: "${{ secrets.C }}" }',
      needs: 'one',
      if: "github.ref == 'refs/heads/main'",
      name: 'a',
      permissions: 'read-all',
      concurrency: 'a',
      strategy: '{ matrix: { a: [b] } }',
    },
  },
  {
    where: 'strategy.matrix',
    file: (line) =>
      `${JOB}    strategy:\n      matrix:\n        ${line.startsWith('include') ? '' : 'a: [b, c]\n        '}${line}\n${STEPS}`,
    keys: { include: '[{ a: b }]', exclude: '[{ a: b }]' },
  },
  {
    where: 'step',
    file: (line) => `${JOB}    steps:\n      - run: x\n      - ${line}\n`,
    keys: {
      'uses: docker://': '"docker://busybox:1.36"',
      ...each('parallel background wait wait-all cancel', '[a]'),
    },
  },
  {
    where: 'step',
    file: (line) => `${JOB}    steps:\n      - run: x\n      - ${line}\n`,
    beside: ['composite', 'docker', 'node20'].map((using) => ({
      ...action(using, using, ''),
      isBeside: true,
    })),
    keys: {
      'uses: ./ (an action of steps)': './composite',
      'uses: ./ (an action that is an image)': './docker',
      'uses: ./ (an action that is a program)': './node20',
      'uses: ./ (an action that is not there)': './a',
    },
  },
  {
    where: 'action of steps',
    path: 'a/action.yml',
    file: (line) => action('a', 'composite', line).content,
    beside: [
      {
        path: '.github/workflows/ci.yml',
        content: `${JOB}    steps:\n      - { uses: ./a }\n`,
      },
    ],
    keys: {
      ...each('name author description', 'a'),
      branding: '{ icon: a, color: b }',
      inputs: '{ a: { default: c } }',
      outputs: '{ a: { value: b } }',
    },
  },
  {
    where: 'action of steps: inputs',
    path: 'a/action.yml',
    file: (line) => action('a', 'composite', `inputs: { a: { ${line} } }`).content,
    beside: [
      {
        path: '.github/workflows/ci.yml',
        content: `${JOB}    steps:\n      - { uses: ./a, with: { a: b } }\n`,
      },
    ],
    keys: { description: 'a', required: 'true', default: 'a', deprecationMessage: 'a' },
  },
  {
    where: 'context',
    file: (line) => `env: { A: b }\n${JOB}    steps:\n      - run: x\n      - ${line}\n`,
    line: (key) => `run: echo "\${{ ${key} }}"`,
    keys: {
      ...each(
        OF_GITHUB.split(' ')
          .map((one) => `github.${one}`)
          .join(' '),
        '',
      ),
      ...each(
        'env.A vars.A job.status job.container.id job.services.a.id steps.a.outputs.b steps.a.conclusion steps.a.outcome runner.name runner.os runner.arch runner.temp runner.tool_cache runner.debug runner.environment secrets.A secrets.GITHUB_TOKEN strategy.fail-fast strategy.job-index strategy.job-total strategy.max-parallel needs.a.result needs.a.outputs.b inputs.a',
        '',
      ),
    },
  },
  {
    where: 'function',
    file: (line) => `${JOB}    steps:\n      - run: x\n      - ${line}\n        run: x\n`,
    line: (_key, value) => `if: ${value}`,
    keys: {
      contains: "contains(github.ref, 'main')",
      startsWith: "startsWith(github.ref, 'refs/tags/')",
      endsWith: "endsWith(github.ref, 'main')",
      format: "format('{0}', github.ref) == 'a'",
      join: "join(github.event.commits, ' ') == 'a'",
      toJSON: "toJSON(github.event) == 'a'",
      fromJSON: "fromJSON('true')",
      hashFiles: "hashFiles('a') != ''",
      case: "case(github.ref == 'a', true, false)",
      success: 'success()',
      always: 'always()',
      failure: 'failure()',
      cancelled: 'cancelled()',
    },
  },
];
