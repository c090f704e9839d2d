import { expect, it } from 'vitest';
import { notesOf } from './support.ts';

const step = (name: string, rest: string): string =>
  `  - { name: ${name}, image: "busybox:1.36", commands: [x]${rest} }\n`;
const file = (when: string, own: string, ofFile = ''): string =>
  `${ofFile}steps:\n${step('a', when)}${step('b', `, depends_on: [a]${own}`)}`;
const noted = (text: string, format: 'woodpecker' | 'drone' = 'woodpecker'): readonly string[] =>
  notesOf(format, text).filter((one) => one.includes('depends_on'));

const NOTE =
  'convert_changed: `steps[1].depends_on[0]` is not quite the same here: where an event leaves out `a`, the build is an error there, and here what `a` would have waited for takes its place.';

it.each<[string, string, string]>([
  ['', ', when: { event: push }', ''],
  [', when: { event: push }', ', when: { event: tag }', ''],
  [', when: { event: push }', '', 'when: [{ event: push }, { event: tag }]\n'],
  [', when: { branch: main }', ', when: { branch: [main, dev] }', ''],
  [', when: { path: "src/**" }', ', when: { event: push }', ''],
  [', when: { event: push, status: failure }', '', ''],
])('a step that waits for one with %j, and has %j, in a file with %j', (when, own, ofFile) => {
  const expected = when === '' ? [] : [`${ofFile === '' ? 3 : 4} ${NOTE}`];
  expect(noted(file(when, own, ofFile))).toEqual(expected);
});

it('one that can never run here is noted as well', () => {
  expect(noted(file(', when: { event: deployment }', ''))).toEqual([`3 ${NOTE}`]);
});

it.each<[string, string, string]>([
  [', when: { event: push }', ', when: { event: push, branch: main }', ''],
  [', when: { event: [push, tag] }', ', when: { event: tag }', ''],
  [', when: [{ event: push }, { event: tag }]', ', when: [{ event: tag }, { event: push }]', ''],
  [', when: { event: push }', '', 'when: { event: push }\n'],
  [', when: { status: [failure] }', '', ''],
])(
  'none is said where one with %j is there whenever one with %j is, in a file with %j',
  (when, own, ofFile) => {
    expect(noted(file(when, own, ofFile))).toEqual([]);
  },
);

it('none is said of what may be missing, and none of Drone, where the other goes on', () => {
  const optional = `steps:\n${step('a', ', when: { event: push }')}${step('b', ', depends_on: [{ name: a, optional: true }]')}`;
  expect(noted(optional)).toEqual([]);
  expect(noted(`kind: pipeline\nname: x\n${file(', when: { event: push }', '')}`, 'drone')).toEqual([]);
});
