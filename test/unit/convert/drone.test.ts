import { expect, it } from 'vitest';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const FILE = `---
# the tests
kind: pipeline
type: docker
name: Test
platform: { os: linux, arch: arm64 }
clone: { disable: true }
trigger:
  event: { exclude: [pull_request] }
steps:
- name: go
  image: golang:1.22
  pull: if-not-exists
  commands:
  - go test -v $\${FLAGS} \${DRONE_COMMIT_SHA}
  environment:
    TAG: \${DRONE_TAG##v}
    KEY: { from_secret: key }
  volumes:
  - name: cache
    path: /go
volumes:
- name: cache
  temp: {}
---
# tells of the end
kind: pipeline
type: docker
name: notify
clone:
  depth: 1
steps:
- name: slack
  image: plugins/slack:1
  settings:
    webhook: { from_secret: hook }
depends_on: [Test]
trigger:
  status: [success, failure]
---
kind: secret
name: key
get: { path: a, name: b }
---
kind: pipeline
type: exec
name: host
steps: []
`;

it('each pipeline is a workflow, named as `depends_on` names it', () => {
  const { workflows, notes } = convert('drone', FILE);
  expect(workflows.map(({ name }) => name)).toEqual(['test', 'notify']);
  expect(workflows[0]?.text).toBe(`# the tests
when:
  event:
    - push
    - tag
    - manual
    - cron

labels:
  platform: linux/arm64

skip_clone: "true"
image: none

steps:
  - name: go
    image: golang:1.22
    environment:
      DRONE_COMMIT_SHA: \${CI_COMMIT_SHA}
      TAG: \${CI_COMMIT_TAG##v}
      KEY:
        from_secret: key
    commands:
      - go test -v \${FLAGS} \${DRONE_COMMIT_SHA}
    volumes:
      - cache:/go
`);
  expect(workflows[1]?.text).toMatch(/^# tells of the end\n/);
  expect(workflows[1]?.text).toContain('runs_on:\n  - success\n  - failure\n\ndepends_on:\n  - test\n');
  expect(workflows[1]?.text).toContain('DRONE_REPO: ${CI_REPO}');
  expect(notes.map(({ line, code, path }) => `${line} ${code} ${path}`)).toEqual([
    '41 convert_left_out ',
    '45 convert_left_out ',
  ]);
});

it('a pipeline for promotions alone is left out', () => {
  const text = `kind: pipeline
name: deploy
steps:
- name: a
  image: busybox:1.36
  commands: [x]
trigger:
  event: promote
  target: production
`;
  expect(convert('drone', text).workflows).toEqual([]);
  expect(notesOf('drone', text).map((one) => one.split(':')[0])).toEqual([
    '1 convert_left_out',
    '8 convert_left_out',
  ]);
});

it('a file of before 1.0 is read', () => {
  const text = 'pipeline:\n  a:\n    image: busybox:1.36\n    commands: [x]\n';
  expect(textOf('drone', text)).toContain('- name: a');
  expect(notesOf('drone', text)).toEqual([]);
});

it('volumes that go with the pipeline are ours; those of the host are noted, where they are made and where they are mounted', () => {
  const text = `kind: pipeline
name: one
steps:
  - name: build
    image: golang:1.22
    commands: [make]
    volumes:
      - { name: deps, path: /go }
      - { name: docker, path: /var/run/docker.sock }
      - { name: deps, path: /proc }
      - { name: typo, path: /t }
services:
  - { name: db, image: "postgres:15", volumes: [{ name: deps, path: /d }] }
volumes:
  - { name: deps, temp: { medium: memory } }
  - { name: docker, host: { path: /var/run/docker.sock } }
`;
  const { workflows, notes } = convert('drone', text);
  expect(workflows[0]?.text.match(/- deps:.*$/gm)).toEqual(['- deps:/d', '- deps:/go']);
  expect(notes.map(({ code, path }) => `${code} ${path}`)).toEqual([
    'convert_left_out steps[0].volumes[1]',
    'convert_left_out steps[0].volumes[2]',
    'convert_left_out steps[0].volumes[3]',
    'convert_left_out volumes[0].temp.medium',
    'convert_left_out volumes[1]',
  ]);
  expect(notes[0]?.message).toContain('a path of the worker’s host');
  expect(notes[2]?.message).toContain('the pipeline has no volume `typo`');
});

it.each(['DRONE_COMMIT_BEFORE', 'DRONE_BUILD_EVENT'])('`%s` may be another value, which is said', (name) => {
  for (const used of [`$${name}`, `\${${name}}`, `\${${name}:0:3}`])
    expect(
      notesOf(
        'drone',
        `kind: pipeline\ntype: docker\nname: x\nsteps: [{ name: a, image: alpine, commands: ['use ${used}'] }]\n`,
      ),
    ).toEqual([expect.stringContaining(`\`${name}\`: `)]);
});

it('an empty `depends_on` is none: steps run one after the other', () => {
  const text = `kind: pipeline
name: default
steps:
  - { name: a, image: "busybox:1.36", commands: [x], depends_on: [] }
  - { name: b, image: "busybox:1.36", commands: [x] }
`;
  expect(textOf('drone', text)).not.toContain('depends_on');
  expect(notesOf('drone', text)).toEqual([]);
});

it('a variable within another one gets its name here, too', () => {
  const text = `kind: pipeline
name: default
steps:
  - name: a
    image: busybox:1.36
    commands: ["echo \${DRONE_TAG:-\${DRONE_COMMIT_SHA}} \${OTHER:-\${DRONE_REPO}}"]
    environment: { VERSION: "\${DRONE_TAG:-\${DRONE_COMMIT_SHA:0:8}}" }
`;
  const written = textOf('drone', text);
  expect(written).toContain('DRONE_TAG: ${CI_COMMIT_TAG}\n');
  expect(written).toContain('DRONE_COMMIT_SHA: ${CI_COMMIT_SHA}\n');
  expect(written).toContain('VERSION: ${CI_COMMIT_TAG:-${CI_COMMIT_SHA:0:8}}\n');
  expect(errorsOf('drone', text)).toEqual([]);
  expect(notesOf('drone', text)).toEqual([expect.stringMatching(/^6 convert_changed: .*`\$\{OTHER:-/)]);
});

it('a template of Drone is not here, which is noted', () => {
  expect(notesOf('drone', 'kind: template\nload: ci.star\ndata: { a: b }\n')).toEqual([
    expect.stringMatching(/^1 convert_left_out: .*templates are kept by a server of Drone/),
  ]);
});

it('a setting whose variable has another name in Drone is noted', () => {
  const text = (name: string) =>
    `kind: pipeline\ntype: docker\nname: default\nsteps:\n  - { name: one, image: "alpine:3", settings: { ${name}: x } }\n`;
  expect(notesOf('drone', text('foo_bar'))).toEqual([]);
  expect(notesOf('drone', text('foo-bar'))).toEqual([
    expect.stringMatching(/`PLUGIN_FOO_BAR`, and as `PLUGIN_FOO-BAR` there/),
  ]);
});

it('names of repositories may have `*` and `?`', () => {
  const text = (repo: string): string =>
    `kind: pipeline\nname: one\nsteps: [{ name: a, image: "busybox:1.36", commands: [x], when: { repo: ${repo} } }]\n`;
  const evaluateOf = (repo: string) => /evaluate: (.*)/.exec(textOf('drone', text(repo)))?.[1];
  expect(evaluateOf('octocat/*')).toBe('CI_REPO matches "^octocat/[^/]*$"');
  expect(evaluateOf('["a.b/c?", d/e]')).toBe('(CI_REPO matches "^a[.]b/c[^/]$" || CI_REPO matches "^d/e$")');
  expect(evaluateOf('{ exclude: ["octocat/*"] }')).toBe(`'!(CI_REPO matches "^octocat/[^/]*$")'`);
  expect(evaluateOf('octocat/web')).toBe('CI_REPO == "octocat/web"');
  for (const repo of ['octocat/*', '["a.b/c?", d/e]', '{ exclude: ["octocat/*"] }']) {
    expect(errorsOf('drone', text(repo))).toEqual([]);
    expect(notesOf('drone', text(repo))).toEqual([]);
  }
});

it('a plugin that runs after a failure, too, is noted: it finds out otherwise how the build stands', () => {
  const step = (when: string): string =>
    `kind: pipeline\nname: one\nsteps: [{ name: a, image: plugins/slack, settings: { a: b }${when} }]\n`;
  expect(notesOf('drone', step(', when: { status: [success, failure] }'))).toEqual([
    expect.stringContaining('`DRONE_BUILD_STATUS`'),
  ]);
  expect(notesOf('drone', step(', when: { branch: main }'))).toEqual([]);
});

it('variables that only steps have are those of ours in commands', () => {
  const commands =
    'echo $DRONE_BUILD_STATUS ${DRONE_STEP_NAME} $DRONE_STAGE_NAME $DRONE_REPO_PRIVATE $DRONE_WORKSPACE';
  const text = `kind: pipeline\nname: one\nsteps: [{ name: a, image: "busybox:1.36", commands: ["${commands}"] }]\n`;
  expect(textOf('drone', text)).toContain(
    'echo $CI_PIPELINE_STATUS ${CI_STEP_NAME} $CI_WORKFLOW_NAME $CI_REPO_PRIVATE $CI_WORKSPACE',
  );
  expect(notesOf('drone', text)).toEqual([]);
});
