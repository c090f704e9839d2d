import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { errorsOf, textOf } from './support.ts';

const job = (rest: string): string =>
  `on: push\njobs:\n  one:\n    container: "node:20"\n${rest.replace(/^/gm, '    ')}\n`;

interface Written {
  readonly matrix: Readonly<Record<string, readonly string[]>>;
  readonly steps: readonly {
    readonly environment: Readonly<Record<string, string>>;
    readonly image: string;
  }[];
}

const written = (text: string): Written => parse(textOf('github', text), { schema: 'failsafe' }) as Written;

it.each([
  ['1.20', '1.2'],
  ['3.0', '3'],
  ['010', '10'],
  ['0x10', '16'],
  ['0o17', '15'],
  ['+7', '7'],
  ['1e3', '1000'],
  ['.5', '0.5'],
  ['123456789012', '123456789012'],
  ['1234567890123456', '1.23456789012346E+15'],
  ['0.00001', '1E-05'],
  ['-.inf', '-Infinity'],
  ['.NaN', 'NaN'],
  ['True', 'true'],
  ['FALSE', 'false'],
  ['~', ''],
])('a value that YAML takes for no text is what GitHub makes of it: %s is %s', (value, expected) => {
  const { steps } = written(job(`steps:\n  - run: make\n    env: { VALUE: ${value} }`));
  expect(steps[0]?.environment).toEqual({ VALUE: expected });
});

it.each([`'1.20'`, '"1.20"', '!!str 1.20'])('text stays as it is written: %s', (value) => {
  const { steps } = written(job(`steps:\n  - run: make\n    env: { VALUE: ${value} }`));
  expect(steps[0]?.environment).toEqual({ VALUE: '1.20' });
});

it.each(['1.2.3', '1_000', 'yes', 'on', '0b1', '18.x', 'e5', '.'])('%s is text', (value) => {
  const { steps } = written(job(`steps:\n  - run: make\n    env: { VALUE: ${value} }`));
  expect(steps[0]?.environment).toEqual({ VALUE: value });
});

it('values of a matrix are numbers, too, and an exclude finds them', () => {
  const text = job(`strategy:
  matrix:
    go: [1.20, '1.20', 1.21]
    exclude: [{ go: 1.210 }]
steps:
  - run: make`);
  expect(written(text).matrix).toEqual({ GO: ['1.2', '1.20', '1.21'], exclude: [{ GO: '1.21' }] });
  expect(errorsOf('github', text)).toEqual([]);
});

it('what an action is given is the number, and so is the tag of an image', () => {
  const text = job(`steps:
  - uses: actions/setup-python@v5
    with: { python-version: 3.10 }
  - run: make`).replace('    container: "node:20"\n', '    runs-on: ubuntu-latest\n');
  expect(written(text).steps[0]?.image).toMatch(/^python:3\.1(?!\d)/);
});
