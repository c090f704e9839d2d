import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { lint, planOf } from './support.ts';

const step = (name: string, rest = ''): string => `{ name: ${name}, image: "git:1", commands: x${rest} }`;
const CLONE = `clone: [${step('fetch')}, ${step('modules')}]\n`;

/** Each step with what it waits for. */
const order = (text: string): readonly string[] =>
  planOf(text).steps.map(({ name, dependsOn, selected }) =>
    selected ? `${name} < ${dependsOn.join(' ')}`.trim() : `${name} is skipped`,
  );

it('steps of `clone` come before all others, and the commit is not checked out', () => {
  const text = `${CLONE}steps: [${step('a')}, ${step('b')}]\n`;
  expect(order(text)).toEqual(['fetch <', 'modules < fetch', 'a < modules', 'b < a']);
  expect(planOf(text)).toMatchObject({ skipClone: true, image: null });
  expect(lint(text)).toEqual([]);
});

it('a map from name to step is the same', () => {
  const map = 'clone: { fetch: { image: "git:1", commands: x }, modules: { image: "git:1", commands: x } }\n';
  const rest = `steps: [${step('a')}]\n`;
  expect(planOf(`${map}${rest}`)).toEqual(planOf(`${CLONE}${rest}`));
});

it('an empty one is none', () => {
  const rest = `steps: [${step('a')}]\n`;
  expect(planOf(`clone: []\n${rest}`)).toEqual(planOf(rest));
});

it('steps that say what they wait for wait for those of `clone`, too', () => {
  expect(
    order(
      `${CLONE}steps: [${step('a')}, ${step('b', ', depends_on: []')}, ${step('c', ', depends_on: a')}]\n`,
    ),
  ).toEqual(['fetch <', 'modules < fetch', 'a < modules', 'b < modules', 'c < a modules']);
  expect(order(`${CLONE}steps: [${step('a', ', depends_on: [modules]')}]\n`)).toEqual([
    'fetch <',
    'modules < fetch',
    'a < modules',
  ]);
});

it('steps of `clone` may say what they wait for', () => {
  const text = `clone: [${step('one')}, ${step('two')}, ${step('both', ', depends_on: [one, two]')}, ${step('beside', ', depends_on: []')}]\nsteps: [${step('a')}]\n`;
  expect(order(text)).toEqual(['one <', 'two <', 'both < one two', 'beside <', 'a < both beside']);
});

it('for one that is left out, what it would have waited for takes its place', () => {
  const text = `clone: [${step('fetch')}, ${step('modules', ', when: { event: tag }')}]\nsteps: [${step('a', ', depends_on: []')}]\n`;
  expect(order(text)).toEqual(['fetch <', 'modules is skipped', 'a < fetch']);
});

it.each([
  [`skip_clone: true\n${CLONE}steps: [${step('a')}]`, '2:17 clone_skipped'],
  [`${CLONE}steps: [${step('fetch')}]`, '2:17 name_duplicate'],
  ['clone: { a: { commands: x } }\nsteps: { b: { image: "a:1", commands: x } }', '1:10 image_missing'],
  ['clone: { a: { image: "a:1", commnads: x } }', '1:29 key_unknown'],
  ['clone: git', '1:8 type_wrong'],
])('%s is refused', (text, problem) => {
  expect(lint(text)).toContain(problem);
});

it('an image cannot be built beside it', () => {
  const [problem] = lintPipeline(`${CLONE}image: {}\nsteps: [${step('a')}]\n`, 'slipway.yml');
  expect(problem).toMatchObject({ code: 'image_without_clone', line: 2 });
  expect(problem?.message).toContain('`clone` on line 1');
});
