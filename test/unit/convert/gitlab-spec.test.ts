import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const file = (script: string, more = '') => `spec:
  inputs:
    img: { default: "node:20" }
    stage: { default: test }
    count: { type: number, default: 3 }
    must: {}
    "on-$": { default: "a$b" }
---
job:
  image: $[[ inputs.img ]]
  stage: $[[ inputs.stage ]]
  script: ['${script}']
${more}`;

it('inputs of a file are their defaults, where it is no file that another one includes', () => {
  const text = file(
    'run $[[ inputs.count ]] $[[inputs.img]]',
    '  variables: { N: "n-$[[ inputs.count ]]" }\n',
  );
  expect(textOf('gitlab', text)).toContain('image: node:20\n');
  expect(textOf('gitlab', text)).toContain('N: n-3\n');
  expect(textOf('gitlab', text)).toContain('- run 3 node:20\n');
  expect(errorsOf('gitlab', text)).toEqual([]);
  expect(notesOf('gitlab', text)).toEqual([expect.stringContaining('each of its inputs is its default')]);
});

it.each([
  ['$[[ inputs.must ]]', 'the input `must` has no default'],
  ['$[[ inputs.none ]]', 'the input `none` has no default'],
  ['$[[ inputs.img | truncate(0,3) ]]', '`img | truncate(0,3)` is computed'],
])('%s has no value, and is noted', (written, why) => {
  expect(notesOf('gitlab', file(`run ${written}`)).join('\n')).toContain(why);
});

it('so are those in keys, which jobs may be called by', () => {
  const text = file(
    'x',
    `$[[ inputs.stage ]]-late:
  image: alpine:3
  script: [y]
  needs: ["$[[ inputs.stage ]]-early"]
  variables: { "$[[ inputs.stage ]]_X": "1" }
$[[ inputs.stage ]]-early:
  image: alpine:3
  script: [x]
`,
  );
  const converted = textOf('gitlab', text);
  expect(converted).toContain('name: test-early\n');
  expect(converted).toContain('name: test-late\n    image: alpine:3\n    depends_on:\n      - test-early\n');
  expect(converted).toContain('test_X: "1"\n');
  expect(errorsOf('gitlab', text)).toEqual([]);
});

it('a key whose input has no value is noted where it stands', () => {
  const text = file('x', '$[[ inputs.none ]]-late:\n  image: alpine:3\n  script: [y]\n');
  expect(notesOf('gitlab', text)).toContainEqual(
    expect.stringMatching(/^13 convert_changed: .*the input `none` has no default/),
  );
});
