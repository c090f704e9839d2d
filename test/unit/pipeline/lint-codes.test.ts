import { expect, test } from 'vitest';
import type { LintCode } from '../../../src/pipeline/lint-catalogue.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint } from './support.ts';

const DEPLOY = 'deploy:\n  - environment: a\n    port: 80\n    host: a.example.com\n';

/** Each code: a file that has it, and the place where it must be reported. */
const FILES: Readonly<
  Record<
    Exclude<
      LintCode,
      | 'pipeline_missing'
      | 'tag_left_out'
      | 'tags_none'
      | 'variable_needed'
      | 'changes_unknown'
      | 'convert_left_out'
      | 'convert_changed'
      | 'convert_unknown'
      // of files that are read: include.test.ts
      | 'include_missing'
      | 'include_refused'
      | 'include_unreachable'
      | 'include_cycle'
      // of several workflows: workflows.test.ts
      | 'workflow_cycle'
      | 'input_differs'
      | 'workflow_duplicate'
      // takes.test.ts
      | 'artifact_unknown'
      | 'environment_twice'
      | 'tag_twice'
    >,
    [string | Uint8Array, string]
  >
> = {
  file_too_large: ['#'.repeat(1024 * 1024 + 1), '1:1'],
  encoding_wrong: [Buffer.from('steps:\n  - caf\u00e9', 'latin1'), '2:8'],
  character_wrong: ['image: {}\n# \u0000', '2:3'],
  escape_wrong: ['steps: { a: { commands: "x\\0" } }', '1:25'],
  file_empty: ['# nothing\n', '1:1'],
  yaml_wrong: ['image: {}\nsteps: [', '2:9'],
  tab_indent: ['image:\n\ttarget: x', '2:1'],
  several_documents: ['image: {}\n---\nimage: {}\n', '2:1'],
  tag_unsupported: ['push: { repository: !secret a/b }', '1:29'],
  key_duplicate: ['image: {}\nimage: {}', '2:1'],
  key_complex: ['image: { [a, b]: c }', '1:10'],
  alias_unknown: ['image: *base', '1:8'],
  alias_cycle: ['push: &p { tags: *p }', '1:18'],
  merge_wrong: ['image: { <<: Dockerfile }', '1:14'],
  too_complex: [`image: ${'['.repeat(40)}${']'.repeat(40)}`, '1:31'],
  runs_on_unused: ['runs_on: failure\nsteps: [{ name: a, image: "b:1", commands: c }]', '1:10'],
  fallback_unused: [
    'steps: [{ name: a, image: "b:1", commands: c, cache: { paths: d, key: "${CI_COMMIT_SHA}", fallback_keys: e, policy: push } }]',
    '1:106',
  ],
  include_unpinned: ['include: { project: a/b, file: c, commit: main }', '1:43'],
  include_commit_own: ['include: { file: c, commit: main }', '1:29'],
  include_unread: ['include: c', '1:10'],
  key_unknown: ['image: { dockerfil: x }', '1:10'],
  key_not_yet: ['image: {}\nrelease: {}', '2:1'],
  key_missing: ['steps: [{ name: a }]', '1:11'],
  type_wrong: ['push: shop/web', '1:7'],
  value_missing: ['image: {}\nsteps:\n', '2:1'],
  value_wrong: ['steps: { a: { commands: x, timeout: soon } }', '1:37'],
  value_not_yet: [`${DEPLOY}    prepare: start`, '5:14'],
  list_empty: ['steps: { a: { commands: [] } }', '1:25'],
  name_duplicate: ['steps: [{ name: a, commands: x }, { name: a, commands: x }]', '1:43'],
  dependency_unknown: ['steps: { a: { commands: x, depends_on: b } }', '1:40'],
  dependency_cycle: ['steps: { a: { commands: x, depends_on: a } }', '1:40'],
  variable_reserved: ['steps: { a: { commands: x, environment: { CI_REPO: x } } }', '1:43'],
  program_and_commands: ['steps: { a: { image: a/b:1, commands: x, settings: { a: b } } }', '1:10'],
  setting_duplicate: ['steps: { a: { image: a/b:1, settings: { a-b: 1, a_b: 2 } } }', '1:49'],
  input_key: ['image: {}\ninputs: { a: { pattern: x, type: number } }', '2:25'],
  input_options_missing: ['image: {}\ninputs: { a: { type: choice } }', '2:11'],
  input_pattern: ['image: {}\ninputs: { a: { pattern: "(" } }', '2:25'],
  input_bounds: ['image: {}\ninputs: { a: { type: number, min: 2, max: 1 } }', '2:43'],
  input_default: ['image: {}\ninputs: { a: { type: boolean, default: yes } }', '2:40'],
  input_duplicate: ['image: {}\ninputs: { a-b: { default: x }, A_B: { default: x } }', '2:32'],
  cron_never: ['image: {}\ncron: { a: { schedule: "0 0 30 2 *" } }', '2:24'],
  timezone_unknown: ['image: {}\ncron: { a: { schedule: "@daily", timezone: Mars/Base } }', '2:44'],
  image_missing: ['steps: { a: { commands: x } }', '1:10'],
  clone_skipped: ['skip_clone: true\nclone: { a: { image: "a:1", commands: x } }', '2:10'],
  image_without_clone: ['skip_clone: true\nimage: {}', '2:8'],
  expression_wrong: [
    'when: { evaluate: CI_REPO = "a" }\nsteps: { a: { image: "a:1", commands: x } }',
    '1:27',
  ],
  expression_name: [
    'when: { evaluate: CI_REPOS == "a" }\nsteps: { a: { image: "a:1", commands: x } }',
    '1:19',
  ],
  expression_unset: [
    'when: { evaluate: CI_REPO == SKIP }\nsteps: { a: { image: "a:1", commands: x } }',
    '1:30',
  ],
  image_wrong: ['steps: { a: { image: "${CI_COMMIT_SHA}!", commands: x } }', '1:22'],
  artifact_not_awaited: ['steps: { a: { commands: x } }\nartifacts: { from: build }\n', '2:20'],
  workflow_unknown: ['image: {}\ndepends_on: [test]', '2:14'],
  matrix_empty: ['image: {}\nmatrix: { A: [1], exclude: [{ A: 1 }] }', '2:11'],
  matrix_excludes_nothing: ['image: {}\nmatrix: { A: [1], exclude: [{ A: 2 }] }', '2:34'],
  variable_unknown: ['push: { tags: "${CI_COMIT_SHA}" }', '1:15'],
  tag_wrong: ['push: { tags: "a/b" }', '1:15'],
  host_duplicate: [
    `${DEPLOY}${DEPLOY.replace('deploy:\n', '').replace('t: a', 't: b').replace('a.ex', 'A.ex')}`,
    '7:11',
  ],
  name_wrong: ['steps: { "${CI_COMMIT_BRANCH}\\u200b": { commands: x } }', '1:10'],
  host_wrong: [DEPLOY.replace('a.ex', '${CI_COMMIT_BRANCH}_.ex'), '4:11'],
  host_variable: [DEPLOY.replace('a.ex', '${CI_COMMIT_AUTHOR}.ex'), '4:11'],
  volume_of_host: ['steps: { a: { image: b, commands: x, volumes: ["/var/run/docker.sock:/x"] } }', '1:48'],
  volume_needs_operator: ['steps: { a: { image: "b:1", commands: x, volumes: ["/srv/ca:/x:ro"] } }', '1:52'],
  volume_duplicate: [`${DEPLOY}    volumes: [a:/d, b:/d/.]`, '5:21'],
  pipeline_idle: ['services: { db: { image: postgres:15 } }', '1:1'],
  tag_mutable: ['push: { tags: "1.0" }', '1:15'],
  cache_key_fixed: ['steps: { a: { image: b, commands: c, cache: { paths: d, key: e } } }', '1:62'],
  image_mutable: ['steps: { a: { image: registry.example.com:5000/node, commands: x } }', '1:22'],
  ships_untested: ['image: { test_target: test }\npush: {}', '1:23'],
  service_unused: ['services: { db: { image: postgres:15 } }\nsteps: { a: { commands: psql } }', '1:13'],
  secret_in_pull_request: ['steps: { a: { commands: x, environment: { T: { from_secret: t } } } }', '1:46'],
  dependency_absent: [
    'steps: { lint: { commands: x }, b: { commands: x, depends_on: [{ name: lnit, optional: true }] } }',
    '1:72',
  ],
  condition_never: ['matrix: { A: [1] }\nsteps: { a: { commands: x, when: { matrix: { A: 2 } } } }', '2:49'],
  step_unordered: [
    'steps: { a: { commands: x }, b: { commands: x, depends_on: a }, c: { commands: x } }',
    '1:65',
  ],
  split_name_taken: [
    'steps: { a: { commands: x, split: 2, reports: { junit: r } }, "a 2/2": { commands: x } }',
    '1:10',
  ],
  split_without_reports: ['steps: { a: { commands: x, split: 4 } }', '1:35'],
  split_reports_shared: [
    'steps: { a: { image: b, commands: x, split: { count: 4 }, reports: { junit: r.xml } } }',
    '1:45',
  ],
  variable_literal: ['image: { args: { SHA: "$CI_COMMIT_SHA" } }', '1:23'],
  substitution_wrong: ['image: { args: { SHA: "${CI_COMMIT_SHA" } }', '1:23'],
  more_problems: [`steps: {${Array.from({ length: 120 }, (_, i) => ` s${i}: {}`).join(',')} }`, '1:'],
};

test.each(Object.entries(FILES))('%s is reported at the text that causes it', (code, [text, place]) => {
  const found = lint(text, { hasDockerfile: code !== 'image_missing' && code !== 'pipeline_idle' });
  expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${place}.* ${code}$`)));
});

test('the five codes that need an event are reported by the plan', () => {
  const codes = (text: string | null, more = {}) => {
    const { problems, warnings } = planPipeline(inputOf(text, EVENTS.push, more));
    return [...problems, ...warnings].map(({ code, line, column }) => `${line}:${column} ${code}`);
  };
  expect(codes(null, { hasDockerfile: false })).toEqual(['1:1 pipeline_missing']);
  expect(codes('push: { tags: ["${CI_COMMIT_TAG}", "${CI_COMMIT_SHA}"] }')).toEqual(['1:16 tag_left_out']);
  expect(codes('push: { tags: ["${CI_COMMIT_TAG}"] }')).toContain('1:16 tags_none');
  expect(codes('image: { args: { T: "${CI_COMMIT_TAG:?}" } }')).toEqual(['1:21 variable_needed']);
  const gone = { changesUnknown: 'the branch main is gone' };
  expect(codes('push: { when: { path: x } }', gone)).toEqual(['1:1 changes_unknown']);
  expect(codes('push: { when: { branch: x } }', gone)).toEqual([]);
});

test('every text of the catalogue gets all its details', () => {
  const problems = Object.entries(FILES).flatMap(([code, [text]]) =>
    lintPipeline(text, 'slipway.yml', {
      hasDockerfile: code !== 'image_missing' && code !== 'pipeline_idle',
    }),
  );
  const known = new Set(problems.map(({ code }) => code));
  expect(known.size).toBeGreaterThanOrEqual(Object.keys(FILES).length);
  for (const { message, fix, code } of problems)
    expect(`${message} ${fix}`, code).not.toMatch(/(?<!\$)\{\w+\}|undefined|\[object/);
});

test('a key that is needed is not told to be removed, and another may be', () => {
  const fixesOf = (text: string) => lintPipeline(text, 'slipway.yml').map(({ fix }) => fix);
  expect(fixesOf('steps: { a: { image: "a:1", commands: } }').join('\n')).not.toContain('remove');
  expect(fixesOf('steps: { a: { image: "a:1", commands: x, timeout: } }')).toEqual([
    expect.stringMatching(/^Write .*, or remove the key\.$/),
  ]);
});

test('a command that YAML reads as a map is told to be put in quotes', () => {
  const fixesOf = (commands: string) =>
    lintPipeline(`steps:\n  - name: a\n    commands:\n      - ${commands}\n`, 'slipway.yml').map(
      ({ line, column, fix }) => `${line}:${column} ${fix}`,
    );
  expect(fixesOf('echo "Version: $V"')).toEqual([
    '4:9 Write a command in quotes: YAML takes what is before the `: ` in it for a key.',
  ]);
  expect(fixesOf('{ echo: a }')).toEqual(['4:9 Write a command.']);
  expect(fixesOf('\'echo "Version: $V"\'')).toEqual([]);
});

test('a step that waits for itself by a slip of the pen is not told to', () => {
  const fixOf = (text: string) =>
    lintPipeline(text, 'slipway.yml').find(({ code }) => code === 'dependency_unknown')?.fix;
  const test = 'test: { image: "a:1", commands: x, depends_on: tset }';
  expect(fixOf(`steps: { ${test} }`)).toBe('There is no other step: remove it.');
  expect(fixOf(`steps: { ${test}, lint: { image: "a:1", commands: x } }`)).toBe('Other steps are `lint`.');
  expect(fixOf(`steps: { ${test}, set: { image: "a:1", commands: x } }`)).toBe('Did you mean `set`?');
});

test('a secret is warned of only in steps that pull requests run', () => {
  const codesOf = (when: string) =>
    lint(
      `steps: { a: { image: "a:1", commands: x, environment: { T: { from_secret: t } }, when: ${when} } }`,
    );
  const NONE = [
    '{ event: [push, tag] }',
    '{ tag: "v*" }',
    '{ ref: "refs/heads/*" }',
    '[{ event: push }, { event: manual }]',
  ];
  for (const when of NONE) expect(codesOf(when), when).toEqual([]);
  for (const when of ['{ branch: main }', '{ event: [push, pull_request] }', '{ ref: "refs/pull/**" }'])
    expect(codesOf(when), when).toEqual([expect.stringMatching(/ secret_in_pull_request$/)]);
});

test('a step is called unordered only where it fell out of the order', () => {
  const step = (name: string, more = '') => `${name}: { image: "a:1", commands: x${more} }`;
  const codesOf = (...steps: readonly string[]) => lint(`steps: { ${steps.join(', ')} }`);
  expect(codesOf(step('a'), step('b'), step('c'))).toEqual([]);
  expect(codesOf(step('a'), step('b', ', depends_on: []'))).toEqual([]);
  expect(codesOf(step('a'), step('b'), step('c', ', depends_on: [a, b]'))).toEqual([]);
  expect(codesOf(step('a', ', depends_on: []'), step('b'))).toEqual([
    expect.stringMatching(/ step_unordered$/),
  ]);
});

test('all problems come at once, in the order of the file', () => {
  const text =
    'imag: {}\nsteps:\n  - name: a\n    comands: x\n  - name: a\n    commands: x\n    depends_on: c\npush: { tags: [] }\n';
  expect(lint(text)).toEqual([
    '1:1 key_unknown',
    '4:5 key_unknown',
    '5:11 name_duplicate',
    '7:17 dependency_unknown',
    '8:15 list_empty',
  ]);
});

test('a problem says its path and how long the offending text is', () => {
  const [problem] = lintPipeline('steps:\n  - name: a\n    commands: x\n    failure: ignor\n', 'slipway.yml');
  expect(problem).toEqual({
    severity: 'error',
    code: 'value_wrong',
    message: '`steps[0].failure` cannot be `ignor`.',
    fix: 'Did you mean `ignore`?',
    file: 'slipway.yml',
    line: 4,
    column: 14,
    length: 5,
    excerpt: { text: '    failure: ignor', start: 13, length: 5 },
    path: 'steps[0].failure',
  });
});

test('past a hundred problems the rest is counted', () => {
  const steps = Array.from({ length: 150 }, (_, i) => `  s${i}: { x: y }`).join('\n');
  const problems = lintPipeline(`steps:\n${steps}\n`, 'slipway.yml');
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)).toMatchObject({
    code: 'more_problems',
    message: '200 more problems are not listed.',
  });
});

test('of a key that stands twice the first is read, so that its problems are found too', () => {
  expect(lint('steps: { a: { comands: x } }\nsteps: {}\n')).toEqual([
    '1:15 key_unknown',
    '2:1 key_duplicate',
  ]);
});
