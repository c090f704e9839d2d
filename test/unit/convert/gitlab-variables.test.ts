import { expect, it } from 'vitest';
import { expandTemplate } from '../../../src/pipeline/substitute/expand-template.ts';
import { parseTemplate } from '../../../src/pipeline/substitute/parse-template.ts';
import { errorsOf, notesOf, textOf } from './support.ts';

const file = (used: string): string =>
  `job:\n  image: node:20\n  script: [${JSON.stringify(`use ${used}`)}]\n  variables: { V: ${JSON.stringify(used)} }\n`;

const PUSH = { CI_COMMIT_BRANCH: 'main', CI_COMMIT_BRANCH_SLUG: 'main' };
const TAG = { CI_COMMIT_TAG: 'v1' };
const PULL_REQUEST = {
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_TARGET_BRANCH: 'main',
  CI_COMMIT_SOURCE_BRANCH: 'fix',
  CI_COMMIT_BRANCH_SLUG: 'fix',
};

it.each([
  ['CI_COMMIT_BRANCH', 'COMMIT_BRANCH', PUSH, 'main'],
  ['CI_COMMIT_BRANCH', 'COMMIT_BRANCH', TAG, ''],
  ['CI_COMMIT_BRANCH', 'COMMIT_BRANCH', PULL_REQUEST, ''],
  ['CI_COMMIT_REF_NAME', 'COMMIT_REF_NAME', PUSH, 'main'],
  ['CI_COMMIT_REF_NAME', 'COMMIT_REF_NAME', TAG, 'v1'],
  ['CI_COMMIT_REF_NAME', 'COMMIT_REF_NAME', PULL_REQUEST, 'fix'],
  ['CI_COMMIT_REF_SLUG', 'COMMIT_REF_SLUG', TAG, 'v1'],
  ['CI_COMMIT_REF_SLUG', 'COMMIT_REF_SLUG', PULL_REQUEST, 'fix'],
  ['CI_COMMIT_TITLE', 'COMMIT_TITLE', { CI_COMMIT_MESSAGE: 'one\n\ntwo' }, 'one'],
  [
    'CI_COMMIT_AUTHOR',
    'COMMIT_AUTHOR',
    { CI_COMMIT_AUTHOR: 'Ann', CI_COMMIT_AUTHOR_EMAIL: 'ann@example.org' },
    'Ann <ann@example.org>',
  ],
])('`%s` has the value in commands and in variables that it has there', (theirs, ours, event, value) => {
  const written = textOf('gitlab', file(`$${theirs}`));
  expect(errorsOf('gitlab', file(`$${theirs}`))).toEqual([]);
  expect(written).toContain(`- use $${ours}\n`);
  const known: Readonly<Record<string, string>> = event;
  for (const name of [ours, 'V']) {
    const entry = new RegExp(`^ {6}${name}: (?:\\|-\\n {8})?(.*(?:\\n {8}.*)*)`, 'm').exec(written)?.[1];
    const { template } = parseTemplate((entry ?? '').replaceAll('\n        ', '\n'));
    if (template === null) throw new Error(`no value: ${written}`);
    const budget = { characters: 1_000, work: 10_000 };
    expect(expandTemplate(template, (one) => known[one] ?? null, budget)).toMatchObject({ text: value });
  }
});

it.each([
  ['CI_PIPELINE_ID', 'another project has'],
  ['CI_PIPELINE_IID', 'it is the number of the build'],
  ['CI_JOB_ID', 'the same in all jobs'],
  ['CI_COMMIT_REF_SLUG', 'keeps `.` and `_`'],
  ['CI_COMMIT_BEFORE_SHA', 'the build before'],
  ['CI_PIPELINE_CREATED_AT', 'seconds since 1970'],
  ['CI_REPOSITORY_URL', 'no token'],
  ['CI_BUILDS_DIR', 'the workspace itself'],
])('`%s` is another value, which is said once', (name, said) => {
  expect(notesOf('gitlab', file(`$${name} \${${name}}`))).toEqual([
    expect.stringMatching(new RegExp(`\`${name}\`: .*${said}`)),
  ]);
});

it('in a key, which tells things apart, it does not matter', () => {
  const text = 'job:\n  image: node:20\n  script: [a]\n  cache: { key: $CI_COMMIT_REF_SLUG, paths: [a] }\n';
  expect(notesOf('gitlab', text)).toEqual([]);
});

it('the host of the Git host is not that of the server', () => {
  expect(notesOf('gitlab', file('$CI_SERVER_HOST')).join('\n')).toContain('has no counterpart');
});

it('variables of the file stand in patterns of files; another one is noted', () => {
  const text = `variables: { DIR: src }
a:
  image: "busybox:1.36"
  script: [x]
  parallel: { matrix: [{ NODE: ["18", "20"] }] }
  rules: [{ changes: ["$DIR/**/*", "\${OTHER}/*"] }]
  artifacts: { paths: ["$DIR/out"], reports: { junit: ["$DIR/r.xml", "r-$NODE.xml", "$OTHER.xml"] } }
b:
  image: "busybox:1.36"
  script: [x]
  only: { changes: ["$DIR/*"] }
`;
  const written = textOf('gitlab', text);
  expect(written).toContain('- src/**/*\n');
  expect(written).toContain('src/out');
  expect(written).toContain('- src/r.xml\n');
  expect(written).toContain('- r-${NODE}.xml\n');
  expect(written).toContain('- src/*\n');
  const notes = notesOf('gitlab', text).filter((one) => one.includes('stands for itself'));
  expect(notes).toEqual([
    expect.stringContaining('a.rules[0].changes[1]'),
    expect.stringContaining('a.artifacts.reports.junit[2]'),
  ]);
  expect(errorsOf('gitlab', text)).toEqual([]);
});
