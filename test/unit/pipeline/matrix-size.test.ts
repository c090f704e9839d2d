import { expect, it } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

const axis = (count: number): string => `[${Array.from({ length: count }, (_, at) => at).join()}]`;

function messagesOf(matrix: string, steps = 1): readonly string[] {
  const all = Array.from({ length: steps }, (_, at) => `s${at}: { image: "busybox:1.36", commands: x }`);
  const text = `matrix: ${matrix}\nimage: none\nsteps: { ${all.join(', ')} }`;
  return lintPipeline(text, 'slipway.yml').map(({ message }) => message);
}

const said = (what: string, limit: number): readonly string[] => [
  `The file is too complex: ${what}, more than ${limit}.`,
];

it.each<[string, string, string]>([
  ['one variable', `{ A: ${axis(257)} }`, '257 combinations'],
  ['two', `{ A: ${axis(20)}, B: ${axis(20)} }`, '400 combinations'],
  [
    'some excluded',
    `{ A: ${axis(20)}, B: ${axis(20)}, exclude: [{ A: 1 }, { A: 2, B: 2 }] }`,
    '379 combinations',
  ],
  ['some included', `{ A: ${axis(256)}, include: [{ A: 1 }, { A: x }] }`, '257 combinations'],
  ['three', `{ A: ${axis(300)}, B: ${axis(300)}, C: ${axis(300)} }`, '27000000 combinations'],
  [
    'many excluded of more',
    `{ A: ${axis(300)}, B: ${axis(300)}, exclude: [{ A: 1 }] }`,
    '90000 combinations, those of `exclude` among them',
  ],
  [
    'more than are counted',
    `{ ${Array.from({ length: 200 }, (_, at) => `V${at}: ${axis(90)}`).join(', ')} }`,
    'over 1000000000 combinations',
  ],
])('how many combinations a matrix has that has too many is said: %s', (_, matrix, count) => {
  expect(messagesOf(matrix)).toEqual(said(`its matrix has ${count}`, 256));
});

it('how many steps they make is said, too', () => {
  expect(messagesOf(`{ A: ${axis(200)} }`, 101)).toEqual(
    said('its matrix makes 20200 steps and services', 20_000),
  );
});
