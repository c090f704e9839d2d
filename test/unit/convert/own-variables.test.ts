import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { errorsOf, notesOf, textOf } from './support.ts';

interface File {
  readonly steps: readonly { readonly environment?: Readonly<Record<string, string>> }[];
}

const environmentOf = (format: 'gitlab' | 'github', text: string) =>
  (parse(textOf(format, text)) as File).steps[0]?.environment;

it.each([
  ['PATH: "/x:$PATH"', {}],
  ['TOKEN: $TOKEN', {}],
  ['A: "a$B", B: "b${C}", C: "c$A", D: d', { D: 'd' }],
  ['A: "a$A", B: "b$A"', { B: 'b' }],
])('of GitLab a variable that takes itself is left out, and noted: %s', (variables, environment) => {
  const text = `job: { image: "x:1", script: [make], variables: { ${variables} } }\n`;
  expect(environmentOf('gitlab', text) ?? {}).toEqual(environment);
  expect(notesOf('gitlab', text).join('\n')).toContain('it takes itself');
});

it('of GitLab one that takes itself is not that of the file either', () => {
  const text = 'variables: { D: d }\njob: { image: "x:1", script: [make], variables: { D: "$D/e" } }\n';
  expect(environmentOf('gitlab', text)).toBeUndefined();
});

const github = (outer: string, job: string, step: string) => `on: push
env: ${outer}
jobs:
  a:
    runs-on: ubuntu-latest
    container: "busybox:1.36"
    env: ${job}
    steps: [{ run: make, env: ${step} }]
`;

it.each([
  ['{ X: "1" }', '{}', '{ X: "${{ env.X }}2" }', { X: '12' }],
  ['{ X: "1" }', '{ X: "2" }', '{ X: "${{ env.X }}3" }', { X: '23' }],
  ['{ X: "1", Y: "y" }', '{}', '{ X: "${{ env.Y }}", Y: "${{ env.X }}" }', { X: 'y', Y: '1' }],
  ['{}', '{}', '{ X: "${{ env.X }}3" }', { X: '3' }],
  [
    '{}',
    '{ A: one, B: two }',
    '{ A: "${{ env.A }}-x", C: "${{ env.A }}", D: "${{ env.B }}" }',
    { A: 'one-x', B: 'two', C: 'one', D: 'two' },
  ],
])('of GitHub a variable of a step takes those outside of it: %s %s %s', (outer, job, step, environment) => {
  const text = github(outer, job, step);
  expect(environmentOf('github', text)).toEqual(environment);
  expect(errorsOf('github', text)).toEqual([]);
  expect(notesOf('github', text)).toEqual([]);
});

it('of GitHub one outside of a step that takes itself, which is an error there, is noted', () => {
  const text = github('{ X: "${{ env.X }}3" }', '{}', '{ Y: "${{ env.X }}" }');
  expect(environmentOf('github', text)).toEqual({ X: '3', Y: '3' });
  expect(notesOf('github', text).join('\n')).toContain('it takes itself');
});
