import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { textOf } from './support.ts';

interface Written {
  readonly steps: readonly { readonly environment: Readonly<Record<string, string>> }[];
}

/** By Ruby's documentation of Psych and of `Float#to_s`. */
it.each([
  ['3.10', '3.1'],
  ['3.0', '3.0'],
  ['.5', '0.5'],
  ['-1.50', '-1.5'],
  ['1.5e+3', '1500.0'],
  ['1.0e+20', '1.0e+20'],
  ['0.00001', '1.0e-05'],
  ['1e3', '1e3'],
  ['1.2.3', '1.2.3'],
  ['0755', '493'],
  ['08', '08'],
  ['0', '0'],
  ['42', '42'],
  ['+7', '7'],
  ['1_000', '1000'],
  ['0x1F', '31'],
  ['12345678901234567890', '12345678901234567890'],
  ['1:30', '90'],
  ['80:59', '4859'],
  ['80:80', '80:80'],
  ['80:8080', '80:8080'],
  ['"3.10"', '3.10'],
  ["'0755'", '0755'],
])('a number without quotes is what GitLab makes of it: %s is %s', (value, expected) => {
  const text = `job:\n  image: node:20\n  script: [x]\n  variables: { VALUE: ${value} }\n`;
  const { steps } = parse(textOf('gitlab', text), { schema: 'failsafe' }) as Written;
  expect(steps[0]?.environment['VALUE']).toBe(expected);
});

it.each([
  ['yes', 'true'],
  ['On', 'true'],
  ['OFF', 'false'],
  ['no', 'false'],
  ['y', 'y'],
  ['"yes"', 'yes'],
])('a truth value without quotes is what GitLab makes of it: %s is %s', (value, expected) => {
  const text = `job:\n  image: node:20\n  script: [x]\n  variables: { VALUE: ${value} }\n`;
  const { steps } = parse(textOf('gitlab', text), { schema: 'failsafe' }) as Written;
  expect(steps[0]?.environment['VALUE']).toBe(expected);
});

it('`allow_failure: yes` ignores the failure, and `no` does not', () => {
  const text = (value: string) => `job:\n  image: node:20\n  script: [x]\n  allow_failure: ${value}\n`;
  expect(textOf('gitlab', text('yes'))).toContain('failure: ignore');
  expect(textOf('gitlab', text('no'))).not.toContain('failure');
});
