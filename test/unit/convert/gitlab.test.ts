import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

it('jobs are steps in the order of their stages, with what they extend, and the services of all', () => {
  const text = `stages: [build, test]
variables:
  A: "1"
  B: x-$A
default: { image: "node:20" }
.base:
  before_script: [npm ci]
# the build
build:
  extends: .base
  stage: build
  script:
    - npm run build # all
    - echo $CI_COMMIT_SHORT_SHA $CI_PROJECT_NAME
  artifacts: { paths: [dist], reports: { junit: report.xml } }
test:
  stage: test
  services: ["postgres:15"]
  parallel: { matrix: [{ N: [a, b] }] }
  script: echo $N
  rules:
    - if: $CI_COMMIT_TAG
      when: never
    - if: $CI_COMMIT_BRANCH == "main"
      changes: ["a/**"]
`;
  expect(notesOf('gitlab', text)).toEqual([expect.stringContaining('its jobs share a checkout')]);
  expect(textOf('gitlab', text)).toBe(`image: none

services:
  - name: postgres
    image: postgres:15

steps:
  # the build
  - name: build
    image: node:20
    depends_on: []
    when:
      event:
        - push
        - tag
        - manual
    environment:
      COMMIT_SHORT_SHA: \${CI_COMMIT_SHA:0:8}
      B: x-1
      A: "1"
    commands:
      - npm ci
      # all
      - npm run build
      - echo $COMMIT_SHORT_SHA $CI_REPO_NAME
    artifacts:
      paths:
        - dist
      name: build
    reports:
      junit:
        - report.xml
${['a', 'b']
  .map(
    (one) => `  - name: "test: [${one}]"
    image: node:20
    depends_on:
      - build
    when:
      evaluate: '!(CI_COMMIT_TAG != "") && (CI_PIPELINE_EVENT != "pull_request" && CI_COMMIT_BRANCH == "main")'
      path:
        - a/**
    environment:
      B: x-1
      A: "1"
      N: ${one}
    commands:
      - echo $N
`,
  )
  .join('')}`);
});

it('what has no counterpart is noted: images, engines, people, runners, included files', () => {
  const text = `include: [{ template: Auto.yml }]
a:
  script: docker push $CI_REGISTRY_IMAGE $KEY
  services: [docker:dind]
  cache: { paths: [x] }
  tags: [big]
  when: manual
  colour: red
b: { image: "busybox:1.36", script: [x], only: [schedules] }
`;
  expect(convert('gitlab', text).notes.map(({ line, code, path }) => `${line} ${code} ${path}`)).toEqual([
    '1 convert_left_out include[0]',
    '2 convert_changed a',
    '3 convert_changed a.script',
    '3 convert_changed a.script',
    '4 convert_left_out a.services[0]',
    '6 convert_left_out a.tags',
    '7 convert_changed a.when',
    '8 convert_unknown a.colour',
    '9 convert_changed b',
    '9 convert_changed b.only[0]',
  ]);
});

it('a file that is included and given is read with it', () => {
  const { workflows, notes } = convertFiles(
    [
      { path: '.gitlab-ci.yml', content: 'include: /ci/a.yml\nb: { extends: .base, script: [y] }\n' },
      { path: 'ci/a.yml', content: '.base: { image: "busybox:1.36" }\na: { extends: .base, script: [x] }\n' },
    ],
    'gitlab',
  );
  expect(workflows).toHaveLength(1);
  expect(workflows[0]?.text.match(/- name: \w/g)).toEqual(['- name: b', '- name: a']);
  expect(notes.map(({ code, path }) => `${code} ${path}`)).toEqual(['convert_changed a']);
});

it('variables with options or a description are inputs, under their own names in the steps', () => {
  const text = `variables:
  TARGET: { value: staging, options: [staging, live], description: Where to }
  NOTE: { description: Why }
  LEVEL: high
ship:
  image: "busybox:1.36"
  variables: { MORE: "$TARGET-$LEVEL" }
  script: [echo "$TARGET"]
  rules:
    - if: $TARGET == "live"
`;
  expect(notesOf('gitlab', text)).toEqual([]);
  expect(errorsOf('gitlab', text)).toEqual([]);
  const written = textOf('gitlab', text);
  expect(written).toContain(`inputs:
  TARGET:
    type: choice
    description: Where to
    default: staging
    options:
      - staging
      - live
  NOTE:
    description: Why
`);
  expect(written).toContain('TARGET: ${CI_INPUT_TARGET}');
  expect(written).toContain('MORE: ${CI_INPUT_TARGET}-high');
  expect(written).toContain('evaluate: CI_INPUT_TARGET == "live"');
});

it('artifacts are kept by their paths, for their time; what cannot be said of them is noted', () => {
  const kept = (lines: string) => {
    const text = `one:\n  image: "busybox:1.36"\n  script: [x]\n  artifacts:\n    ${lines.replaceAll('\n', '\n    ')}\n`;
    return [
      textOf('gitlab', text).match(/ {4}artifacts:\n(?: {6}.*\n)*/)?.[0] ?? null,
      notesOf('gitlab', text),
    ];
  };
  expect(
    kept(
      'name: site\nwhen: always\nexpire_in: 1 week and 2 days\npaths: [$CI_PROJECT_DIR/out/, "./**/*.log", .]',
    ),
  ).toEqual([
    '    artifacts:\n      paths:\n        - out/\n        - "**/*.log"\n        - "**"\n      name: site\n      expire: 9d\n',
    [],
  ]);
  const expiries = {
    '3 mins 4 sec': '1h',
    '90m': '2h',
    '47 yrs 6 mos and 4d': '3650d',
    '2 hrs 20 min': '3h',
    '1 day': '1d',
    '7200': '2h',
  };
  for (const [written, ours] of Object.entries(expiries))
    expect(kept(`paths: [a]\nexpire_in: ${written}`)[0], written).toContain(`expire: ${ours}\n`);
  expect(kept('paths: [a]\nexpire_in: never')[0]).not.toContain('expire');
  expect(kept('paths: [a]\nexpire_in: soon')[1]).toEqual([expect.stringContaining('expire_in')]);
  expect(kept('paths: ["$OUT/a", /tmp/x, ../y]\nname: "$CI_JOB_NAME"')[0]).toBeNull();
  expect(kept('paths: [a]\nname: "$CI_JOB_NAME"\nwhen: on_failure\nexclude: [b]')).toEqual([
    '    artifacts:\n      paths:\n        - a\n      name: one\n',
    [expect.stringContaining('name'), expect.stringContaining('when'), expect.stringContaining('exclude')],
  ]);
});

it('a number of parallel jobs are the shares of a step, whose commands divide the work by the variables of GitLab', () => {
  const job = (parallel: string) =>
    `unit: { image: "node:20", parallel: ${parallel}, script: "npx jest --shard=$CI_NODE_INDEX/$CI_NODE_TOTAL" }\n`;
  expect(textOf('gitlab', job('4'))).toContain(`      - npx jest --shard=$CI_NODE_INDEX/$CI_NODE_TOTAL
    split:
      count: "4"
      files: none
`);
  expect(notesOf('gitlab', job('4'))).toEqual([expect.stringContaining('side by side on one worker')]);
  expect(textOf('gitlab', job('1'))).not.toContain('split');
  const unset = ['CI_NODE_INDEX', 'CI_NODE_TOTAL'].map((name): unknown => expect.stringContaining(name));
  expect(notesOf('gitlab', job('1')).toSorted()).toEqual(unset);
  expect(notesOf('gitlab', job('65')).toSorted()).toEqual([
    ...unset,
    expect.stringContaining('at most 64 shares'),
  ]);
});

it('rules of lists in lists and of references are those of the job', () => {
  const text = `.main:
  rules:
    - { if: $CI_COMMIT_BRANCH == "main" }
.more: { rules: [{ if: $CI_COMMIT_TAG }] }
one:
  image: "busybox:1.36"
  script: [x]
  rules:
    - !reference [.main, rules]
    - [!reference [.more, rules]]
`;
  expect(notesOf('gitlab', text)).toEqual([]);
  expect(textOf('gitlab', text)).toContain('CI_COMMIT_BRANCH == "main"');
  expect(textOf('gitlab', text)).toContain('CI_COMMIT_TAG != ""');
  expect(notesOf('gitlab', text.replace('.more, rules]]', '.away, rules]]'))).toEqual([
    expect.stringContaining('it is not in the files that were read'),
  ]);
});

it('exit codes of a retry are those of ours, and what is no key of `default` is noted', () => {
  const job = 'one:\n  image: "busybox:1.36"\n  script: [x]\n';
  const retry = `${job}  retry: { max: 2, when: always, exit_codes: [75, 137] }\n`;
  expect(notesOf('gitlab', retry)).toEqual([]);
  expect(textOf('gitlab', retry)).toContain('retry:\n      count: "2"\n      exit_codes:\n        - "75"');
  expect(notesOf('gitlab', `default: { retry: 1, identity: google_cloud, zz: 1 }\n${job}`)).toEqual([
    '1 convert_left_out: `default.identity` is left out: a step gets no token of who it is.',
    expect.stringContaining('1 convert_unknown: `default.zz`'),
  ]);
});

it('rules of which one holds in any case are no condition, and an image without a value is noted', () => {
  const job = 'one:\n  image: "busybox:1.36"\n  script: [x]\n';
  const rules = `${job}  rules: [{ if: $CI_COMMIT_BRANCH == "a", changes: [b] }, { when: always }]\n`;
  const { needless } = convert('gitlab', rules);
  expect(textOf('gitlab', rules.replace('{ when: always }', '{}'))).not.toContain('when:');
  expect(needless.map(({ path }) => path)).not.toContain('one.rules');
  expect(convert('gitlab', rules.replace('{ when: always }', '{}')).needless.map(({ path }) => path)).toEqual(
    ['one.rules'],
  );
  const image = 'variables: { BASE: "$CI_REGISTRY_IMAGE:a" }\n' + job.replace('"busybox:1.36"', '$BASE');
  expect(notesOf('gitlab', image).at(-1)).toContain('`one.image` is not quite the same here: its variables');
});

it('a template that only jobs extend that are left out is on record as needless', () => {
  const text = `.bump: { trigger: { project: a/b }, variables: { A: b } }
bump: { extends: .bump }
one: { image: "busybox:1.36", script: [x] }
`;
  expect(convert('gitlab', text).needless.map(({ path }) => path)).toEqual(['.bump']);
  expect(notesOf('gitlab', text).some((one) => one.includes('`bump` is left out'))).toBe(true);
});

it('a job that needs one which an event leaves out is left out, too, unless that is optional', () => {
  const text = `stages: [a, b, c]
lint: { image: node:20, stage: a, only: [tags], script: [lint] }
mid: { image: node:20, stage: b, needs: [lint], script: [mid] }
may: { image: node:20, stage: b, needs: [{ job: lint, optional: true }], script: [may] }
same: { image: node:20, stage: b, only: [tags], needs: [lint], script: [same] }
ship: { image: node:20, stage: c, needs: [mid], script: [ship] }
late: { image: node:20, stage: c, script: [late] }
`;
  const written = textOf('gitlab', text);
  const dependsOf = (name: string) =>
    new RegExp(`- name: ${name}\\n[^]*?depends_on:\\n([^]*?) {4}when`)
      .exec(written)?.[1]
      ?.replace(/\s+/g, ' ')
      .trim();
  expect(dependsOf('mid')).toBe('- name: lint optional: "false"');
  expect(dependsOf('may')).toBe('- lint');
  expect(dependsOf('same')).toBe('- lint');
  expect(dependsOf('ship')).toBe('- name: mid optional: "false"');
  expect(dependsOf('late')).not.toContain('optional');
});
