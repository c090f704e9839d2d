import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { convert, notesOf, textOf } from './support.ts';

const OTHER = 'other: { image: "a:1", script: [y] }\n';
const job = (rules: string) => `${OTHER}ship: { image: "a:1", script: [x], rules: [${rules}] }\n`;
const namesOf = (file: string) =>
  [...textOf('gitlab', file).matchAll(/- name: (\S+)/g)].map(([, name]) => name);

it.each([
  '{ if: $FREEZE, when: never }, { if: $CI_COMMIT_BRANCH == "main" }',
  '{ if: $FREEZE, when: manual }, { when: on_success }',
  '{ if: $FREEZE_DISABLED != "1", when: never }, { when: on_success }',
  '{ if: $A_DISABLED || $FREEZE, when: never }, { when: on_success }',
  '{ changes: ["docs/**"], when: never }, { when: on_success }',
  '{ exists: [Dockerfile], when: never }, { when: on_success }',
])('rules after one that keeps a job back and cannot be said hold in no build: %s', (rules) => {
  expect(namesOf(job(rules))).toEqual(['other']);
  const notes = notesOf('gitlab', job(rules)).join('\n');
  expect(notes).toContain('`ship` is left out: none of its conditions can hold here');
});

it('rules before it hold as they do there', () => {
  const file = job('{ if: $CI_COMMIT_TAG }, { if: $FREEZE, when: never }, { when: on_success }');
  expect(textOf('gitlab', file)).toContain('evaluate: CI_COMMIT_TAG != ""');
  expect(textOf('gitlab', file).match(/evaluate/g)).toHaveLength(1);
  expect(notesOf('gitlab', file)).toContainEqual(
    expect.stringContaining('it and the rules after it are left out, which would hold where it does'),
  );
});

it.each(['$SAST_DISABLED', '$SAST_DISABLED == "true" || $SAST_DISABLED == "1"'])(
  'a variable that turns a template off in a project’s settings keeps nothing back: %s',
  (condition) => {
    const file = job(`{ if: '${condition}', when: never }, { if: $CI_COMMIT_TAG }`);
    expect(namesOf(file)).toEqual(['other', 'ship']);
  },
);

it('what waits for a person in builds that cannot be said holds up what comes after it', () => {
  const file = `stages: [one, two]
ask: { stage: one, image: "a:1", script: [x], rules: [{ if: $FREEZE, when: manual }, { when: on_success }] }
ship: { stage: two, image: "a:1", script: [x] }
`;
  expect(textOf('gitlab', file)).toContain('event: manual');
  expect(convert('gitlab', file).workflows[0]?.text).not.toContain('push');
});

const failing = (rules: string, more = '') =>
  `ship: { image: "a:1", script: [x], ${more}rules: [${rules}] }\n`;
const COUNTS = 'another rule does not say so, and its failure counts in every build';

it.each([
  ['{ if: $CI_COMMIT_TAG, allow_failure: true }', '', true],
  ['{ if: $CI_COMMIT_TAG, allow_failure: true }, { allow_failure: true }', '', true],
  ['{ if: $CI_COMMIT_TAG }', 'allow_failure: true, ', true],
  ['{ if: $CI_COMMIT_TAG, allow_failure: false }', 'allow_failure: true, ', false],
  ['{ if: $CI_COMMIT_TAG, when: never, allow_failure: true }, { when: always }', '', false],
  ['{ if: $CI_COMMIT_TAG }, { when: always }', '', false],
] as const)('what a rule says of failures counts before what its job says: %s', (rules, more, isIgnored) => {
  expect(textOf('gitlab', failing(rules, more)).includes('failure: ignore')).toBe(isIgnored);
  expect(notesOf('gitlab', failing(rules, more)).join()).not.toContain(COUNTS);
});

it.each([
  ['{ if: $CI_COMMIT_TAG, allow_failure: true }, { if: $CI_COMMIT_BRANCH }', ''],
  ['{ if: $CI_COMMIT_TAG, allow_failure: false }, { if: $CI_COMMIT_BRANCH }', 'allow_failure: true, '],
])('a failure that one rule ignores, and another does not, counts, and is noted: %s', (rules, more) => {
  expect(textOf('gitlab', failing(rules, more))).not.toContain('failure: ignore');
  expect(notesOf('gitlab', failing(rules, more)).filter((one) => one.includes(COUNTS))).toHaveLength(1);
});

it.each([
  '{ changes: ["docs/**"], when: manual }, { when: on_success }',
  '{ exists: [a], when: manual }, { when: on_success }',
])(
  'rules after one that waits for a person where files are changed, or there, hold in no other build: %s',
  (rules) => {
    const [ship = ''] = textOf('gitlab', job(rules)).split('- name: ship').slice(1);
    expect(ship.match(/- event|- evaluate|- path/g) ?? []).toEqual([]);
    expect(ship).toContain('event: manual');
    expect(notesOf('gitlab', job(rules)).join('\n')).toContain('the rules after it do not count');
  },
);

it('so do those after one with an `if`, where that holds', () => {
  const file = job(
    '{ if: $CI_COMMIT_TAG, changes: ["docs/**"], when: manual }, { if: $CI_COMMIT_BRANCH == "a" }',
  );
  expect(textOf('gitlab', file)).toContain(`evaluate: '!(CI_COMMIT_TAG != "") && (`);
});

it('a rule for failures where files are changed keeps its job back where they are, as there', () => {
  const file = job('{ changes: ["docs/**"], when: on_failure }, { when: on_success }');
  expect(textOf('gitlab', file).match(/status: \w+/g)).toEqual(['status: failure']);
  expect(notesOf('gitlab', file).join('\n')).toContain('the rules after it do not count');
});

it('a rule for all ends where files are changed counts beside one that holds in any case', () => {
  const file = job('{ changes: ["docs/**"], when: always }, { when: on_success }');
  const { steps } = parse(textOf('gitlab', file)) as { steps: { when?: { status: string | string[] }[] }[] };
  expect(steps[1]?.when?.map(({ status }) => status)).toEqual([['success', 'failure'], 'success']);
  expect(notesOf('gitlab', file).filter((one) => one.includes('rules'))).toEqual([]);
});
