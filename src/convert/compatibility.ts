import { table } from '../pipeline/reference.ts';
import { convertFiles } from './convert-files.ts';
import type { Format } from './converted.ts';

/** Keys that a format documents at one place, each with a value, and a file that has them there. */
interface Place {
  readonly where: string;
  /** A file with `key: value` at that place. */
  readonly file: (line: string) => string;
  readonly keys: Readonly<Record<string, string>>;
}

/** What comes of a key, as the converter itself says it. */
export interface Row {
  readonly where: string;
  readonly key: string;
  readonly state: 'yes' | 'converted' | 'not needed' | 'with a difference' | 'refused' | 'not known';
  readonly why: string;
}

const STEP_OF_WOODPECKER = 'steps:\n  one:\n    image: "busybox:1.36"\n';
const WHEN_OF_WOODPECKER = `${STEP_OF_WOODPECKER}    commands: [x]\n    when:\n      event: push\n`;
const SERVICE = `${STEP_OF_WOODPECKER}    commands: [x]\nservices:\n  db:\n    image: "postgres:15"\n`;
const DRONE = 'kind: pipeline\nname: one\n';
const DRONE_STEPS = `${DRONE}steps:\n- name: one\n  image: "busybox:1.36"\n`;
const JOB = 'one:\n  image: "busybox:1.36"\n';
const GITHUB = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    container: "node:20"\n';
const GITHUB_UPLOAD = '{ uses: actions/upload-artifact@v4, with: { path: a.txt, name: a } }';
const GITHUB_STEP = `${GITHUB}    steps:\n      - `;

/** Documented keys: Woodpecker 3 ("Workflow syntax", schema), Drone 1 and 2, GitLab 18, GitHub as of 2026. */
const PLACES: Readonly<Record<Format, readonly Place[]>> = {
  woodpecker: [
    {
      where: 'file',
      file: (line) =>
        `${line}${line.startsWith('steps') ? '' : `\n${STEP_OF_WOODPECKER}    commands: [x]`}\n`,
      keys: {
        steps: '{ a: { image: "busybox:1.36", commands: [x] } }',
        services: '{ db: { image: "postgres:15" } }',
        when: '{ event: push }',
        depends_on: '[other]',
        runs_on: '[success, failure]',
        matrix: '{ GO: ["1"] }',
        labels: '{ gpu: "yes" }',
        variables: '[&a b]',
        skip_clone: 'true',
        clone: '{ git: { image: woodpeckerci/plugin-git } }',
        workspace: '{ base: /go }',
        concurrency: '1',
        platform: 'linux/arm64',
        branches: 'main',
      },
    },
    {
      where: 'clone',
      file: (line) =>
        `${STEP_OF_WOODPECKER}    commands: [x]\nclone:\n  - name: git\n    ${line.startsWith('image') ? line : `settings:\n      ${line}`}\n`,
      keys: {
        image: 'custom/plugin',
        depth: '50',
        partial: 'false',
        tags: 'true',
        lfs: 'false',
        recursive: 'true',
        submodule_override: '{ a: "https://git.example.com/a.git" }',
        submodule_update_remote: 'true',
        submodule_partial: 'false',
        'skip-verify': 'true',
        'custom-ssl-path': '/a.pem',
        backoff: '5s',
        attempts: '5',
        branch: 'main',
        ref: 'refs/heads/main',
        remote: '"https://git.example.com/a.git"',
        'use-ssh': 'true',
        path: '/src',
        'merge-pull-request': 'true',
        'fetch-target-branch': 'true',
      },
    },
    {
      where: 'step',
      file: (line) =>
        `${STEP_OF_WOODPECKER.replace(line.startsWith('image:') ? /    image.*\n/ : /$^/, '')}    ${line}\n${/^(?:commands|settings|entrypoint)/.test(line) ? '' : '    commands: [x]\n'}  two: { image: "busybox:1.36", commands: [x] }\n`,
      keys: {
        image: '"busybox:1.36"',
        commands: '[x]',
        entrypoint: '[/bin/x]',
        environment: '{ A: b }',
        secrets: '[token]',
        settings: '{ a: b }',
        when: '{ event: push }',
        depends_on: '[]',
        directory: 'sub',
        failure: 'ignore',
        detach: 'true',
        group: 'a',
        pull: 'true',
        privileged: 'true',
        volumes: '[a:/b, /c:/d]',
        backend_options: '{ docker: { user: a } }',
        dns: '1.1.1.1',
        dns_search: 'example.com',
        extra_hosts: '["a:1.1.1.1"]',
        devices: '[/dev/a]',
        network_mode: 'host',
        tmpfs: '[/tmp]',
      },
    },
    {
      where: 'condition',
      file: (line) =>
        `${WHEN_OF_WOODPECKER.replace(line.startsWith('event:') ? /      event.*\n/ : /$^/, '')}      ${line}\n`,
      keys: {
        event: '[push, pull_request, tag, manual]',
        branch: 'main',
        tag: 'v*',
        ref: 'refs/heads/main',
        path: '{ include: [a], exclude: [b] }',
        status: '[failure]',
        evaluate: 'CI_COMMIT_BRANCH == "main"',
        repo: 'a/b',
        instance: 'ci.example.com',
        matrix: '{ GO: "1" }',
        platform: 'linux/amd64',
        cron: 'nightly',
        environment: 'production',
      },
    },
    {
      where: 'service',
      file: (line) =>
        `${SERVICE.replace(line.startsWith('image:') ? /    image: "postgres.*\n/ : /$^/, '')}    ${line}\n`,
      keys: {
        image: '"postgres:15"',
        environment: '{ A: b }',
        commands: '[x]',
        ports: '[1]',
        pull: 'true',
        entrypoint: '[x]',
        volumes: '[a:/b, /c:/d]',
        privileged: 'true',
        when: '{ event: push }',
        settings: '{ a: b }',
        directory: 'a',
        failure: 'ignore',
        backend_options: '{ docker: { user: a } }',
      },
    },
  ],
  drone: [
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
        depends_on: '[]',
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
  ],
  gitlab: [
    {
      where: 'file',
      file: (line) =>
        `${line}\n${JOB.replace(line.startsWith('image') ? /  image.*\n/ : /$^/, '')}  script: [x]\n`,
      keys: {
        stages: '[test]',
        variables: '{ A: b }',
        default: '{ retry: 1 }',
        image: '"busybox:1.36"',
        services: '["postgres:15"]',
        before_script: '[x]',
        after_script: '[x]',
        workflow: '{ rules: [{ if: $CI_COMMIT_BRANCH }] }',
        include: '[{ remote: "https://example.com/a.yml" }]',
        cache: '{ paths: [a] }',
      },
    },
    {
      where: 'job',
      file: (line) =>
        `.base: { retry: 1 }\nother: { image: "busybox:1.36", script: [x], stage: build }\n${JOB.replace(line.startsWith('image') ? /  image.*\n/ : /$^/, '')}  ${line}\n${line.startsWith('script') ? '' : '  script: [x]\n'}`,
      keys: {
        script: '[x]',
        before_script: '[x]',
        after_script: '[x]',
        image: '"busybox:1.36"',
        services: '["postgres:15"]',
        stage: 'test',
        needs: '[other]',
        variables: '{ A: b }',
        rules: '[{ if: $CI_COMMIT_BRANCH == "main", changes: [a] }]',
        only: '[main]',
        except: '[main]',
        when: 'on_failure',
        allow_failure: 'true',
        extends: '.base',
        inherit: '{ default: false }',
        parallel: '4',
        retry: '2',
        timeout: '1h',
        artifacts: '{ paths: [a] }',
        dependencies: '[other]',
        interruptible: 'true',
        cache: '{ paths: [a] }',
        coverage: '/x/',
        environment: 'production',
        id_tokens: '{ A: { aud: b } }',
        hooks: '{ pre_get_sources_script: [x] }',
        identity: 'google_cloud',
        inputs: '{ a: b }',
        manual_confirmation: 'sure?',
        pages: 'true',
        release: '{ tag_name: a }',
        resource_group: 'a',
        run: '[]',
        secrets: '{ A: { vault: b } }',
        start_in: '1 hour',
        tags: '[big]',
        trigger: 'a/b',
        dast_configuration: '{ site_profile: a }',
      },
    },
    {
      where: 'parallel',
      file: (line) => `${JOB}  script: [x]\n  parallel:\n    ${line}\n`,
      keys: { matrix: '[{ A: [b, c] }]' },
    },
    {
      where: 'artifacts',
      file: (line) =>
        `${JOB}  script: [x]\n  artifacts:\n    ${line}\n${line.startsWith('paths') ? '' : '    paths: [a]\n'}`,
      keys: {
        paths: '[a]',
        exclude: '[a]',
        untracked: 'true',
        reports: '{ junit: a.xml }',
        expire_in: '1 day',
        name: 'a',
        when: 'always',
        expose_as: 'a',
        public: 'true',
        access: 'all',
      },
    },
    {
      where: 'rule',
      file: (line) => `${JOB}  script: [x]\n  rules:\n    - ${line}\n`,
      keys: {
        if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
        changes: '[a]',
        when: 'always',
        allow_failure: 'true',
        exists: '[a]',
        variables: '{ A: b }',
        needs: '[a]',
      },
    },
    {
      where: 'default',
      file: (line) =>
        `default:\n  ${line}\none: { script: [x]${line.startsWith('image') ? '' : ', image: "busybox:1.36"'} }\n`,
      keys: {
        image: '"busybox:1.36"',
        services: '["postgres:15"]',
        before_script: '[x]',
        after_script: '[x]',
        retry: '1',
        timeout: '1h',
        interruptible: 'true',
        artifacts: '{ paths: [a] }',
        cache: '{ paths: [a] }',
        tags: '[big]',
        hooks: '{ pre_get_sources_script: [x] }',
        id_tokens: '{ A: { aud: b } }',
      },
    },
    {
      where: 'service',
      file: (line) =>
        `${JOB}  script: [x]\n  services:\n    - ${line.startsWith('name') ? '' : 'name: "postgres:15"\n      '}${line}\n`,
      keys: {
        name: '"postgres:15"',
        alias: 'db',
        variables: '{ A: b }',
        command: '[x]',
        entrypoint: '[x]',
        pull_policy: 'always',
        docker: '{ user: a }',
        kubernetes: '{ user: a }',
      },
    },
    {
      where: 'need',
      file: (line) =>
        `other: { image: "busybox:1.36", script: [x], stage: build }\n${JOB}  script: [x]\n  needs:\n    - ${line.startsWith('job') ? '' : 'job: other\n      '}${line}\n`,
      keys: {
        job: 'other',
        artifacts: 'true',
        optional: 'true',
        project: 'a/b',
        ref: 'main',
        pipeline: 'a/b',
        parallel: '{ matrix: [{ A: b }] }',
      },
    },
    {
      where: 'workflow',
      file: (line) => `workflow:\n  ${line}\n${JOB}  script: [x]\n`,
      keys: { name: 'a', rules: '[{ if: $CI_COMMIT_TAG }]', auto_cancel: '{ on_new_commit: none }' },
    },
    {
      where: 'cache',
      file: (line) =>
        `${JOB}  script: [x]\n  cache:\n    ${line}\n${line.startsWith('paths') ? '' : '    paths: [a]\n'}`,
      keys: {
        paths: '[a]',
        key: '{ files: [a], prefix: b }',
        fallback_keys: '[a]',
        policy: 'pull',
        when: 'always',
        untracked: 'true',
        unprotect: 'true',
      },
    },
    {
      where: 'variable',
      file: (line) => `variables:\n  A:\n    ${line}\n${JOB}  script: [x]\n`,
      keys: { value: 'a', description: 'a', options: '[a]', expand: 'false' },
    },
    {
      where: 'include',
      file: (line) => `include:\n  - ${line}\n${JOB}  script: [x]\n`,
      keys: {
        remote: '"https://example.com/a.yml"',
        template: 'Auto.yml',
        project: 'a/b',
        component: 'a/b@1',
      },
    },
  ],
  github: [
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
          'steps: [{ run: x }]',
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
            ? `${GITHUB_STEP}${line}\n      - run: x\n`
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
        'uses: actions/cache':
          'actions/cache@v4\n        with: { path: a, key: "b-${{ hashFiles(\'c\') }}" }',
        'uses: actions/upload-artifact': 'actions/upload-artifact@v4\n        with: { path: a }',
        'uses: actions/download-artifact': 'actions/download-artifact@v4\n        with: { name: a }',
        'uses: docker/build-push-action': 'docker/build-push-action@v6',
        'uses: docker/login-action': 'docker/login-action@v3',
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
  ],
};

/** Every documented key with what comes of it: each is converted, and what the notes say is taken. */
export function compatibilityRows(format: Format): readonly Row[] {
  return PLACES[format].flatMap(({ where, file, keys }) =>
    Object.entries(keys).map(([key, value]) => {
      const name = key.replace(/:.*/, '');
      const text = file(`${name}: ${value}`);
      const { notes, needless } = convertFiles([{ path: format, content: text }], format);
      const line = text.split('\n').findIndex((one) => one.includes(`${name}: ${value}`)) + 1;
      const note = notes.find((one) => one.line === line) ?? notes[0];
      const none = needless.find((one) => one.line === line && one.path.includes(name));
      if (note !== undefined) return { where, key, state: stateOf(note.code), why: reasonOf(note) };
      if (none !== undefined) return { where, key, state: 'not needed' as const, why: `${none.reason}.` };
      const isOurs = format === 'woodpecker' || format === 'drone';
      return { where, key, state: isOurs ? ('yes' as const) : ('converted' as const), why: '' };
    }),
  );
}

function stateOf(code: string): Row['state'] {
  if (code === 'convert_changed') return 'with a difference';
  return code === 'convert_left_out' ? 'refused' : 'not known';
}

/** The note without the name of the key. */
function reasonOf({ message, fix }: { readonly message: string; readonly fix: string }): string {
  const why = message.replace(/^`.*?` (?:is left out|is not quite the same here): /, '');
  return `${why} ${fix}`;
}

/** The part of `docs/compatibility.md` for one format. */
export function compatibilityTable(format: Format): string {
  return table(
    ['where', 'key', 'here', 'why, and our way'],
    compatibilityRows(format).map(({ where, key, state, why }) => [where, `\`${key}\``, state, why]),
  );
}
