import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { notesOf, textOf } from './support.ts';

const waitsOf = (text: string): Record<string, readonly string[]> => {
  const { steps } = parse(textOf('gitlab', text)) as { steps: { name: string; depends_on: string[] }[] };
  return Object.fromEntries(steps.map(({ name, depends_on }) => [name, depends_on]));
};

it('a job without `needs` waits for all stages before it, also where those of the nearest do not', () => {
  const text = `stages: [a, b, c, d]
default: { image: "a:1" }
build: { stage: a, script: [x] }
other: { stage: a, script: [x] }
early: { stage: b, script: [x], needs: [] }
some: { stage: b, script: [x], needs: [build] }
ship: { stage: c, script: [x] }
last: { stage: d, script: [x] }
`;
  expect(waitsOf(text)).toEqual({
    build: [],
    other: [],
    early: [],
    some: ['build'],
    ship: ['early', 'some', 'other'],
    last: ['ship'],
  });
});

const FAILED = 'once a job has failed, none begins here that does not ask for failures';
const failureNotes = (jobs: string) =>
  notesOf('gitlab', `stages: [a, b, c]\ndefault: { image: "a:1" }\n${jobs}`).filter((one) =>
    one.includes(FAILED),
  );

it.each([
  [
    'one: { stage: a, script: [x] }\ntwo: { stage: a, script: [x] }\nthree: { stage: b, script: [x], needs: [one] }',
    1,
  ],
  [
    'one: { stage: a, script: [x] }\ntwo: { stage: b, script: [x] }\nthree: { stage: c, script: [x], needs: [] }',
    1,
  ],
  [
    'one: { stage: a, script: [x] }\ntwo: { stage: b, script: [x], needs: [one] }\nthree: { stage: c, script: [x], needs: [two] }',
    0,
  ],
  ['one: { stage: a, script: [x] }\ntwo: { stage: b, script: [x] }\nthree: { stage: b, script: [x] }', 0],
  [
    'one: { stage: a, script: [x] }\ntwo: { stage: b, script: [x], needs: [one] }\nthree: { stage: c, script: [x] }',
    0,
  ],
])('jobs that go on after a failure there, as they do not need one another, are noted: %s', (jobs, count) => {
  expect(failureNotes(jobs)).toHaveLength(count);
});

it('a case of a matrix may be needed by its name, and what comes later still waits for the others', () => {
  const text = `stages: [build, test, ship]
default: { image: "busybox:1.36" }
build:
  stage: build
  script: [x]
  parallel: { matrix: [{ N: ["1", "2"] }] }
test: { stage: test, script: [x], needs: ["build: [1]"] }
ship: { stage: ship, script: [x] }
`;
  const waits = waitsOf(text);
  const [first = '', second = ''] = Object.keys(waits).filter((name) => name.startsWith('build'));
  expect(waits['test']).toEqual([first]);
  expect(waits['ship']).toEqual(expect.arrayContaining(['test', second]));
  expect(notesOf('gitlab', text).join()).not.toContain('is no job that runs here');
  expect(notesOf('gitlab', text.replace('[1]"', '[3]"')).join()).toContain('is no job that runs here');
});
