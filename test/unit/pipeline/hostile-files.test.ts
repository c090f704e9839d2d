import { describe, expect, test } from 'vitest';
import { readForeign } from '../../../src/convert/read-foreign.ts';
import { PIPELINE_LIMITS } from '../../../src/core/plan-defaults.ts';
import { gatherIncluded } from '../../../src/pipeline/include/gather-included.ts';
import type { LintProblem } from '../../../src/pipeline/lint-problem.ts';
import { lintPipeline, lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { ALIAS_BOMB, WORST_FILES } from '../../support/hostile-files.ts';
import { lint } from './support.ts';

test('text that is no UTF-8 is refused with the byte and its place', () => {
  const [problem] = lintPipeline(Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]), 'slipway.yml');
  expect(problem).toMatchObject({
    code: 'encoding_wrong',
    line: 1,
    column: 4,
    message: 'The file is not UTF-8: byte 0xc3 at 3 begins no character.',
  });
  const utf16 = lintPipeline(Buffer.from('\uFEFFimage: {}', 'utf16le'), 'slipway.yml');
  expect(utf16).toMatchObject([{ message: 'The file is not UTF-8: it looks like UTF-16.' }]);
  const valid = Buffer.from('image: {}\n# \uFFFD is a character of its own\n');
  expect(lint(valid)).toEqual([]);
});

test('bytes and text with a byte-order mark keep their columns', () => {
  expect(lint('\uFEFFimag: {}')).toEqual(['1:1 key_unknown']);
  expect(lint(Buffer.from('\uFEFFimag: {}'))).toEqual(['1:1 key_unknown']);
});

test.each(['\u0000', '\u0007', '\u001b', '\u007f', '\uD800', '\uFFFE'])(
  'the character %j is refused',
  (character) => {
    expect(lint(`image: {}\nsteps: { a: { commands: "x${character}" } }`)).toEqual(['2:27 character_wrong']);
  },
);

test.each([
  ['steps: { a: { image: a:1, commands: "echo \\0x" } }', '1:37 escape_wrong'],
  ['steps: { a: { image: a:1, commands: x, environment: { A: "x\\x00y" } } }', '1:58 escape_wrong'],
  ['steps: { a: { image: a:1, commands: x, environment: { "A\\u0000": y } } }', '1:55 escape_wrong'],
  ['steps: { a: { image: a:1, settings: { a: ["\\ud800"] } } }', '1:43 escape_wrong'],
])('%s: what an escape stands for is refused where nothing can hold it', (text, problem) => {
  expect(lint(`image: {}\n${text}`)).toContain(problem.replace(/^1/, '2'));
});

test('an escape that stands for half of a character beside its other half is that character', () => {
  expect(lint('image: {}\nsteps: { a: { commands: "echo \\ud83d\\ude00 \\t" } }')).toEqual([]);
});

test('YAML never changes the meaning of text: every scalar is what is written', () => {
  const lists = 'steps: { on: { commands: [no, 1.10, 0x1F, 2026-01-01, 1e3] } }';
  expect(lint(lists)).toEqual([]);
  expect(lint('%YAML 1.1\n---\nsteps: { yes: { commands: [off, 010] } }')).toEqual([]);
});

test('an alias bomb is cut off, and honest aliases are not', () => {
  expect(lint(ALIAS_BOMB).some((line) => line.endsWith('too_complex') || line.endsWith('type_wrong'))).toBe(
    true,
  );
  const honest =
    'steps:\n  a: { commands: &c [x, y], environment: &e { A: b } }\n  b: { commands: *c, environment: *e }\n';
  expect(lint(honest)).toEqual([]);
});

test('dictionaries under aliases are bounded too', () => {
  const names = Array.from({ length: 200 }, (_, i) => `V${i}: x`).join(', ');
  const steps = Array.from({ length: 200 }, (_, i) => `  s${i}: { commands: x, environment: *e }`).join('\n');
  const text = `services: { db: { image: a:1, environment: &e { ${names} } } }\nsteps:\n${steps}\n`;
  expect(lint(text).join()).toContain('too_complex');
});

test.each(Object.entries(WORST_FILES))('%s: answered in bounded time, without an exception', (_, text) => {
  const before = process.cpuUsage();
  const problems = lintPipeline(text, 'slipway.yml');
  const { user, system } = process.cpuUsage(before);
  expect(problems.length).toBeLessThanOrEqual(101);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});

describe('a build of many files is answered in the time of one', () => {
  const units: Readonly<Record<string, string>> = {
    'wrong steps': `steps: [${'{a: },'.repeat(1_700)}]`,
    'unknown keys': Array.from({ length: 1_400 }, (_, i) => `k${i}: 1`).join('\n'),
    'steps without names': `steps: [${'{},'.repeat(3_300)}]`,
    aliases: `variables: [&a {b: c}]\nsteps: { s: { commands: [${'*a,'.repeat(3_000)}] } }`,
    merges: `variables: &a {${'b: c,'.repeat(20)}}\nsteps: [${'{<<: *a},'.repeat(1_000)}]`,
    'many directives': '%YAML 1.2\n'.repeat(1_000),
    'patterns, none like another': '',
  };
  /** Text of the n-th file. */
  const textOf = (unit: string, n: number): string => (unit === '' ? patterns(n) : unit);
  const patterns = (n: number): string => {
    const steps = Array.from({ length: 20 }, (_, i) => {
      const evaluate = `CI_COMMIT_BRANCH matches "(a|b${n}x${i}){90}c"`;
      return `- { name: s${n}x${i}, image: a/b:1, commands: x, when: { evaluate: '${evaluate}' } }`;
    });
    return `steps:\n${steps.join('\n')}\n`;
  };
  const measured = (work: () => readonly LintProblem[]): number => {
    const before = process.cpuUsage();
    const problems = work();
    const { user, system } = process.cpuUsage(before);
    expect(problems.map(({ severity }) => severity)).toContain('error');
    expect(problems.length).toBeLessThanOrEqual(64 * 101);
    return (user + system) / 1_000;
  };

  test.each(Object.entries(units))('99 files that are included: %s', async (_, unit) => {
    const names = Array.from({ length: 99 }, (_, at) => `f${at}.yml`);
    const files = [
      { path: 'slipway.yml', text: `include: [${names.join()}]\nsteps: { a: { commands: x } }` },
    ];
    const before = process.cpuUsage();
    const included = await gatherIncluded(files, (refs) =>
      Promise.resolve(refs.map((_ref, at) => ({ kind: 'file', text: `# include\n${textOf(unit, at)}` }))),
    );
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_500);
    expect(measured(() => lintWorkflows(files, { hasDockerfile: true, included }))).toBeLessThan(2_000);
  });

  test.each(Object.entries(units))('a folder of 64 workflows: %s', (_, unit) => {
    const files = Array.from({ length: 64 }, (_, at) => ({
      path: `.slipway/f${at}.yml`,
      text: textOf(unit, at),
    }));
    expect(measured(() => lintWorkflows(files, { hasDockerfile: true }))).toBeLessThan(2_000);
  });

  const ofWoodpecker: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(units).filter(([, text]) => text !== '')),
    'steps that are right': `steps:\n${Array.from({ length: 1_900 }, (_, i) => `  s${i}: { image: a, commands: [b] }`).join('\n')}\n`,
    'settings under aliases': `x: &a [${'a,'.repeat(200)}]\nsteps: { s: { image: b, settings: { c: [${'*a,'.repeat(190)}] } } }`,
    'text longer than one file may be': `# ${'a'.repeat(PIPELINE_LIMITS.bytes / 32)}\nsteps: { s: { image: a, commands: [b] } }`,
  };

  test.each(Object.entries(ofWoodpecker))('a folder of 64 workflows of Woodpecker: %s', (_, text) => {
    const files = Array.from({ length: 64 }, (_, at) => ({ path: `.woodpecker/f${at}.yml`, content: text }));
    expect(measured(() => readForeign(files)?.notes ?? [])).toBeLessThan(2_000);
  });
});

test('of thousands of problems the first are listed, and all are counted', () => {
  const text = `image: {}\n${Array.from({ length: 9_000 }, (_, i) => `k${i}: 1`).join('\n')}\n`;
  const problems = lintPipeline(text, 'slipway.yml');
  expect(problems).toHaveLength(PIPELINE_LIMITS.problems + 1);
  expect(problems[99]).toMatchObject({ code: 'key_unknown', line: 101 });
  expect(problems[100]?.code).toBe('more_problems');
  expect(problems[100]?.message).toContain('8900');
});

test('nesting is refused by its depth, at the first level too many, whatever the parser could bear', () => {
  for (const nested of ['['.repeat(10_000), `${'['.repeat(30)}${']'.repeat(30)}`, '- '.repeat(10_000)]) {
    const problems = lintPipeline(nested, 'slipway.yml');
    expect(problems.map(({ message }) => message)).toEqual([
      'The file is too complex: it has more levels than 24.',
    ]);
  }
});
