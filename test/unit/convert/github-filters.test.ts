import { expect, it } from 'vitest';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';
import { convert, notesOf, textOf } from './support.ts';

const file = (filters: string): string =>
  `on: { push: { ${filters} } }\njobs: { one: { container: "node:20", steps: [{ run: make }] } }\n`;

const branchesOf = (filters: string, names: readonly string[]): readonly string[] => {
  const text = textOf('github', file(filters));
  return names.filter((branch) => {
    const { plan } = planPipeline(inputOf(text, { ...EVENTS.push, branch }));
    return plan?.workflows.length === 1;
  });
};

const AGAIN = 'what a pattern before it leaves out stays out';
const NONE = 'no pattern says what is taken, and nothing is';
const PATHS = 'it leaves out only where every changed file is left out';
const IGNORED = 'here it is a letter of the name';
const SPECIAL = '`?` is one character';
const CLASS = 'a class that begins with it has any other character';

it.each([
  [`branches: ['rel/**', '!rel/old*', 'rel/old-but-good']`, { 'branches[2]': AGAIN }],
  [`branches: ['!rel/old*', 'rel/**']`, { 'branches[1]': AGAIN }],
  [`branches: ['rel/**', '!rel/old*', main]`, {}],
  [`branches: ['rel/**', '!rel/old*', '!wip']`, {}],
  [`tags: ['v*', '!*-rc', 'v1-rc']`, { 'tags[2]': AGAIN }],
  [`branches-ignore: [old, '!older']`, { 'branches-ignore[1]': IGNORED }],
  [`branches-ignore: ['v1?', 'c+']`, { 'branches-ignore[0]': SPECIAL, 'branches-ignore[1]': SPECIAL }],
  [`branches: ['v[!0-9]', 'v[0-9]']`, { 'branches[0]': CLASS }],
  [`paths: ['src/**', '!src/**/*.md']`, { 'paths[1]': PATHS }],
  [`paths: ['**', '!**/*.md']`, {}],
  [`paths-ignore: ['**/*.md']`, {}],
])('of a filter is noted what it does not take here: %s', (filters, expected) => {
  const { notes } = convert('github', file(filters));
  expect(Object.fromEntries(notes.map(({ path, message }) => [path, message]))).toEqual(
    Object.fromEntries(
      Object.entries(expected).map(([path, how]) => [`on.push.${path}`, expect.stringContaining(how)]),
    ),
  );
});

it('a list that only leaves out takes nothing', () => {
  expect(notesOf('github', file(`branches: ['!main'], tags: ['v*']`))).toEqual([
    expect.stringContaining(NONE),
  ]);
  expect(textOf('github', file(`branches: ['!main'], tags: ['v*']`))).toMatch(/^when:\n {2}event: tag\n/);
});

it('braces are letters', () => {
  const names = ['ab', 'ac', 'a{b,c}', 'cab'];
  expect(branchesOf(`branches: ['a{b,c}']`, names)).toEqual(['a{b,c}']);
  expect(branchesOf(`branches-ignore: ['a{b,c}']`, names)).toEqual(['ab', 'ac', 'cab']);
  expect(branchesOf(`branches: ['*a*', '!{c,d}*b']`, names)).toEqual(names);
});
