import { expect, test } from 'vitest';
import { lint, planOf } from './support.ts';

const stepOf = (keys: string) => planOf(`steps: { a: { commands: x, ${keys} } }`).steps[0];

test('reports and artifacts are patterns from where the commands start, the folder of the step included', () => {
  expect(stepOf('reports: { junit: "*.xml" }')?.reports).toEqual({ junit: ['*.xml'] });
  expect(stepOf('directory: "./a{b}/", reports: { junit: [./x.xml, "**/y"] }')?.reports).toEqual({
    junit: ['a\\{b\\}/x.xml', 'a\\{b\\}/**/y'],
    folder: 'a{b}',
  });
  expect(stepOf('timeout: 1m')).not.toHaveProperty('reports');
  expect(stepOf('timeout: 1m')).not.toHaveProperty('artifacts');
});

test('a list of patterns alone is an artifact that goes with its build', () => {
  expect(stepOf('artifacts: [dist/]')?.artifacts).toEqual({ name: 'files', paths: ['dist/'], keepMs: null });
  expect(stepOf('artifacts: { paths: dist, name: site, expire: 30d }')?.artifacts).toEqual({
    name: 'site',
    paths: ['dist'],
    keepMs: 30 * 86_400_000,
  });
});

test.each([
  ['reports: { junit: [/etc/passwd] }', 'value_wrong'],
  ['reports: { junit: [a/../../b] }', 'value_wrong'],
  ['reports: {}', 'key_missing'],
  ['reports: { junit: [] }', 'list_empty'],
  ['artifacts: [..]', 'value_wrong'],
  ['artifacts: { paths: [a], name: ../b }', 'value_wrong'],
  ['artifacts: { paths: [a], expire: 1m }', 'value_wrong'],
  ['artifacts: { name: b }', 'key_missing'],
])('%s is refused', (keys, code) => {
  expect(lint(`steps: { a: { commands: x, ${keys} } }`).join()).toContain(code);
});
