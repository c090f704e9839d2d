import type { Place } from './place.ts';

const IMAGE = '  image: "busybox:1.36"\n';
const JOB = `one:\n${IMAGE}  script: [x]\n`;
const inJob =
  (key: string, more = '') =>
  (line: string) =>
    `${JOB}  ${key}:\n    ${more}${line}\n`;
const each = (names: string, value: string) =>
  Object.fromEntries(names.split(' ').map((one) => [one, value]));

const REPORTS =
  'accessibility annotations api_fuzzing browser_performance codequality container_scanning coverage_fuzzing coverage_report cyclonedx dast dependency_scanning dotenv junit license_scanning load_performance lsif metrics performance repository_xray requirements sast secret_detection terraform';

/** Keys inside of values, and values that are words of their own. */
export const NESTED: readonly Place[] = [
  {
    where: 'file',
    file: (line) => `${line}\n---\n${JOB}`,
    keys: { spec: '{ inputs: { a: { default: b } } }' },
  },
  {
    where: 'spec.inputs',
    file: (line) => `spec:\n  inputs:\n    a:\n      ${line}\n---\n${JOB}`,
    keys: {
      default: 'b',
      description: 'b',
      options: '[b]',
      regex: '^b$',
      type: 'string',
      rules: '[{ options: [b] }]',
    },
  },
  {
    where: 'image',
    file: (line) =>
      `one:\n  image:\n    ${line.startsWith('name') ? '' : 'name: "busybox:1.36"\n    '}${line}\n  script: [x]\n`,
    keys: {
      name: '"busybox:1.36"',
      entrypoint: '[""]',
      pull_policy: 'always',
      docker: '{ user: a }',
      kubernetes: '{ user: a }',
    },
  },
  {
    where: 'include',
    beside: [{ path: 'a.yml', content: `${JOB.replace('one', 'two')}  stage: build\n` }],
    file: (line) => `include:\n  - ${line.startsWith('local') ? line : `local: a.yml\n    ${line}`}\n${JOB}`,
    keys: {
      local: 'a.yml',
      rules: '[{ if: $A }]',
      inputs: '{ a: b }',
      integrity: 'sha256-a',
      cache: 'true',
    },
  },
  {
    where: 'include.project',
    file: (line) => `include:\n  - project: a/b\n    ${line}\n${JOB}`,
    keys: { file: 'a.yml', ref: 'main' },
  },
  {
    where: 'artifacts.reports',
    file: (line) => `${JOB}  artifacts:\n    reports:\n      ${line}\n`,
    keys: each(REPORTS, 'a.xml'),
  },
  {
    where: 'cache.key',
    file: (line) =>
      `${JOB}  cache:\n    paths: [a]\n    key:\n      ${line}\n${/^files:/.test(line) ? '' : '      files: [b]\n'}`,
    keys: { files: '[a]', files_commits: '[a]', prefix: 'a' },
  },
  {
    where: 'environment',
    file: inJob('environment'),
    keys: {
      name: 'production',
      url: '"https://example.com"',
      on_stop: 'two',
      action: 'start',
      auto_stop_in: '1 day',
      kubernetes: '{ namespace: a }',
      deployment_tier: 'production',
    },
  },
  {
    where: 'retry',
    file: (line) => `${JOB}  retry:\n    ${line}\n${line.startsWith('max') ? '' : '    max: 1\n'}`,
    keys: { max: '2', when: 'runner_system_failure', exit_codes: '[1]' },
  },
  { where: 'allow_failure', file: inJob('allow_failure'), keys: { exit_codes: '[1]' } },
  {
    where: 'rules.changes',
    file: (line) =>
      `${JOB}  rules:\n    - changes:\n        ${line}\n${line.startsWith('paths') ? '' : '        paths: [a]\n'}`,
    keys: { paths: '[a]', compare_to: 'refs/heads/main' },
  },
  {
    where: 'rules.exists',
    file: (line) => `${JOB}  rules:\n    - exists:\n        ${line}\n`,
    keys: { paths: '[a]', project: 'a/b', ref: 'main' },
  },
  {
    where: 'rule',
    file: (line) => `${JOB}  rules:\n    - if: $CI_COMMIT_BRANCH\n      ${line}\n`,
    keys: { interruptible: 'true', start_in: '1 hour' },
  },
  {
    where: 'when',
    file: (line) => `${JOB}  ${line}\n`,
    line: (key) => `when: ${key}`,
    keys: each('on_success on_failure always never manual delayed', ''),
  },
  {
    where: 'only, except',
    file: inJob('only'),
    keys: { ...each('refs changes', '[a]'), variables: '[$A]', kubernetes: 'active' },
  },
  {
    where: 'only, except: ref',
    file: (line) => `${JOB}  ${line}\n`,
    line: (key) => `only: [${key}]`,
    keys: each(
      'branches tags merge_requests pushes web schedules api chat external external_pull_requests pipelines triggers',
      '',
    ),
  },
  {
    where: 'workflow.rules',
    file: (line) => `workflow:\n  rules:\n    - ${line}\n${JOB}`,
    keys: {
      if: '$CI_COMMIT_BRANCH',
      changes: '[a]',
      exists: '[a]',
      when: 'always',
      variables: '{ A: b }',
      auto_cancel: '{ on_new_commit: none }',
    },
  },
  {
    where: 'workflow.auto_cancel',
    file: (line) => `workflow:\n  auto_cancel:\n    ${line}\n${JOB}`,
    keys: { on_new_commit: 'none', on_job_failure: 'all' },
  },
  {
    where: 'inherit',
    file: (line) => `variables: { A: b }\n${JOB}  inherit:\n    ${line}\n`,
    keys: { default: 'false', variables: 'false' },
  },
  {
    where: 'trigger',
    file: inJob('trigger'),
    keys: {
      project: 'a/b',
      branch: 'main',
      strategy: 'depend',
      forward: '{ yaml_variables: true }',
      include: 'a.yml',
      inputs: '{ a: b }',
    },
  },
  {
    where: 'release',
    file: inJob('release'),
    keys: {
      ...each('tag_name tag_message name description ref released_at', 'a'),
      milestones: '[a]',
      assets: '{ links: [] }',
    },
  },
  {
    where: 'secrets',
    file: (line) => `${JOB}  secrets:\n    A:\n      ${line}\n`,
    keys: {
      ...each(
        'vault gcp_secret_manager azure_key_vault aws_secrets_manager gitlab_secrets_manager akeyless token',
        'a',
      ),
      file: 'false',
    },
  },
  { where: 'id_tokens', file: (line) => `${JOB}  id_tokens:\n    A:\n      ${line}\n`, keys: { aud: 'b' } },
  { where: 'hooks', file: inJob('hooks'), keys: { pre_get_sources_script: '[x]' } },
  {
    where: 'pages',
    file: inJob('pages'),
    keys: { publish: 'public', path_prefix: 'a', expire_in: '1 day' },
  },
  {
    where: 'dast_configuration',
    file: inJob('dast_configuration'),
    keys: { site_profile: 'a', scanner_profile: 'a' },
  },
  { where: 'default', file: (line) => `default:\n  ${line}\n${JOB}`, keys: { identity: 'google_cloud' } },
  { where: 'job', file: (line) => `${JOB}  ${line}\n`, keys: { publish: 'public' } },
  {
    where: 'image.docker',
    file: (line) => `one:\n  image:\n    name: "busybox:1.36"\n    docker:\n      ${line}\n  script: [x]\n`,
    keys: { platform: 'arm64/v8', user: 'a' },
  },
  {
    where: 'image.kubernetes',
    file: (line) =>
      `one:\n  image:\n    name: "busybox:1.36"\n    kubernetes:\n      ${line}\n  script: [x]\n`,
    keys: { user: '"1001"' },
  },
  {
    where: 'services.docker',
    file: (line) => `${JOB}  services:\n    - name: "postgres:15"\n      docker:\n        ${line}\n`,
    keys: { platform: 'arm64/v8', user: 'a' },
  },
  {
    where: 'services.kubernetes',
    file: (line) => `${JOB}  services:\n    - name: "postgres:15"\n      kubernetes:\n        ${line}\n`,
    keys: { user: '"1001"' },
  },
  {
    where: 'include.rules',
    beside: [{ path: 'a.yml', content: `${JOB.replace('one', 'two')}  stage: build\n` }],
    file: (line) => `include:\n  - local: a.yml\n    rules:\n      - ${line}\n${JOB}`,
    keys: { if: '$A', changes: '[b]', exists: '[b]', when: 'never' },
  },
  {
    where: 'environment.kubernetes',
    file: inJob('environment', 'name: production\n    kubernetes:\n      '),
    keys: {
      ...each('agent dashboard namespace flux_resource_path', 'a'),
      managed_resources: '{ enabled: true }',
    },
  },
  {
    where: 'environment.action',
    file: inJob('environment', 'name: production\n    '),
    line: (key) => `action: ${key}`,
    keys: each('start prepare stop verify access', ''),
  },
  {
    where: 'retry.when',
    file: inJob('retry', 'max: 1\n    '),
    line: (key) => `when: ${key}`,
    keys: each(
      'always unknown_failure script_failure api_failure stuck_or_timeout_failure runner_system_failure runner_unsupported stale_schedule job_execution_timeout archived_failure unmet_prerequisites scheduler_failure data_integrity_failure',
      '',
    ),
  },
  {
    where: 'rules.needs',
    file: (line) =>
      `other: { image: "busybox:1.36", script: [x], stage: build }\n${JOB}  rules:\n    - if: $CI_COMMIT_BRANCH\n      needs:\n        - ${line.startsWith('job') ? '' : 'job: other\n          '}${line}\n`,
    keys: { job: 'other', artifacts: 'true', optional: 'true' },
  },
  {
    where: 'trigger.include',
    file: inJob('trigger', 'include:\n      - '),
    keys: {
      ...each('local template component remote', 'a.yml'),
      artifact: 'a.yml',
      job: 'other',
      project: 'a/b',
      ref: 'main',
      file: 'a.yml',
    },
  },
  {
    where: 'trigger.forward',
    file: inJob('trigger', 'project: a/b\n    forward:\n      '),
    keys: each('yaml_variables pipeline_variables', 'true'),
  },
  {
    where: 'release.assets.links',
    file: inJob('release', 'tag_name: a\n    assets:\n      links:\n        - '),
    keys: each('name url filepath link_type', 'a'),
  },
  {
    where: 'secrets.vault',
    file: (line) => `${JOB}  secrets:\n    A:\n      vault:\n        ${line}\n`,
    keys: { engine: '{ name: kv-v2, path: a }', path: 'a', field: 'a' },
  },
  {
    where: 'secrets.gcp_secret_manager',
    file: (line) => `${JOB}  secrets:\n    A:\n      gcp_secret_manager:\n        ${line}\n`,
    keys: each('name version', 'a'),
  },
  {
    where: 'secrets.azure_key_vault',
    file: (line) => `${JOB}  secrets:\n    A:\n      azure_key_vault:\n        ${line}\n`,
    keys: each('name version', 'a'),
  },
  {
    where: 'secrets.aws_secrets_manager',
    file: (line) => `${JOB}  secrets:\n    A:\n      aws_secrets_manager:\n        ${line}\n`,
    keys: each('secret_id version_id version_stage region role_arn role_session_name field', 'a'),
  },
  {
    where: 'secrets.gitlab_secrets_manager',
    file: (line) => `${JOB}  secrets:\n    A:\n      gitlab_secrets_manager:\n        ${line}\n`,
    keys: { name: 'a' },
  },
  {
    where: 'secrets.akeyless',
    file: (line) => `${JOB}  secrets:\n    A:\n      akeyless:\n        ${line}\n`,
    keys: each(
      'name data_key cert_user_name public_key_data csr_data akeyless_api_url akeyless_access_type akeyless_token uid_token gcp_audience azure_object_id k8s_service_account_token k8s_auth_config_name akeyless_access_key gateway_ca_certificate',
      'a',
    ),
  },
  {
    where: 'run',
    file: (line) =>
      `one:\n${IMAGE}  run:\n    - ${line.startsWith('name') ? '' : 'name: a\n      '}${line}\n`,
    keys: {
      ...each('name step script func action', 'a'),
      ...each('env inputs', '{ A: b }'),
    },
  },
];
