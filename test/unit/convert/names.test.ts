import { expect, it } from 'vitest';
import { errorsOf, notesOf } from './support.ts';

const step = 'steps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n';
const job = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    container: "node:20"\n';

it.each([
  ['woodpecker', `matrix: { include: [{ A: b, TEST-ING: c }] }\n${step}`, 'matrix.include[0].TEST-ING'],
  ['woodpecker', `${step.replace('[x] }', '[x], secrets: ["a@1"] }')}`, 'steps[0].secrets[0]'],
  [
    'github',
    `${job}    services: { db: { image: "postgres:15", env: { a.b: c } } }\n    steps: [{ run: x }]\n`,
    'jobs.one.services.db.env.a.b',
  ],
  [
    'github',
    `${job}    strategy: { matrix: { a: ["b\\nc", d] } }\n    steps: [{ run: x }]\n`,
    'jobs.one.strategy.matrix.a[0]',
  ],
] as const)('%s: a name or value that is none here is left out, and noted', (format, text, path) => {
  expect(notesOf(format, text)).toEqual([expect.stringContaining(`convert_left_out: \`${path}\``)]);
  expect(errorsOf(format, text)).toEqual([]);
});

it('concurrency of a file whose jobs are all left out is no unknown key', () => {
  const text = 'on: push\nconcurrency: a\njobs: { one: { runs-on: x, steps: [{ uses: a/b@v1 }] } }\n';
  expect(notesOf('github', text).filter((one) => one.includes('convert_unknown'))).toEqual([]);
});
