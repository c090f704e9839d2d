import { describe, expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const dependencies = (text: string, event = EVENTS.push) =>
  Object.fromEntries(planOf(text, event).steps.map(({ name, dependsOn }) => [name, dependsOn]));

test('a text in the place of a map is told the keys that the map has', () => {
  const text = 'steps: { a: { image: "node:24", commands: x, reports: junit.xml } }';
  const [problem] = lintPipeline(text, 'slipway.yml', { hasDockerfile: false });
  expect(problem).toMatchObject({
    message: '`steps.a.reports` cannot be text.',
    fix: 'Write `key: value` lines, indented: a map with `junit`.',
  });
});

describe('the folder of a step', () => {
  const commandsIn = (directory: string): readonly string[] =>
    planOf(`steps: { a: { commands: [x, y], directory: ${JSON.stringify(directory)} } }`).steps[0]
      ?.commands ?? [];

  test('is gone to before its commands, whatever is in its name', () => {
    expect(commandsIn('web/app/')).toEqual(["cd './web/app'", 'x', 'y']);
    expect(commandsIn("-it's $(here)")).toEqual(["cd './-it'\\''s $(here)'", 'x', 'y']);
    expect(commandsIn('.')).toEqual(['x', 'y']);
  });

  test.each(['/etc', '../other', 'a/../../b'])('is inside: not %s', (directory) => {
    expect(lint(`steps: { a: { commands: x, directory: ${directory} } }`).join('\n')).toContain(
      'value_wrong',
    );
  });
});

describe('the order of steps', () => {
  test('is one after another while none says depends_on', () => {
    const text = 'steps: { a: { commands: x }, b: { commands: x }, c: { commands: x } }';
    expect(dependencies(text)).toEqual({ a: [], b: ['a'], c: ['b'] });
  });

  test('is a graph once one says it, even with an empty list: the others start at once', () => {
    const text =
      'steps: { a: { commands: x }, b: { commands: x, depends_on: [] }, c: { commands: x, depends_on: a } }';
    expect(dependencies(text)).toEqual({ a: [], b: [], c: ['a'] });
  });

  test('survives steps that this event skips, in a row and in a graph', () => {
    const row = `steps:
  a: { commands: x }
  b: { commands: x, when: { event: tag } }
  c: { commands: x, when: { event: tag } }
  d: { commands: x }`;
    expect(dependencies(row)).toMatchObject({ a: [], d: ['a'] });
    expect(planOf(row).steps.map(({ selected }) => selected)).toEqual([true, false, false, true]);
    const graph = `steps:
  a: { commands: x }
  b: { commands: x }
  c: { commands: x, depends_on: [a, b], when: { branch: other } }
  d: { commands: x, depends_on: [c, b] }`;
    expect(dependencies(graph)['d']).toEqual(['a', 'b']);
  });

  test('an optional one that is skipped or missing is waited for by nothing in its place', () => {
    const text = (optional: string) => `steps:
  a: { commands: x }
  b: { commands: x, depends_on: a, when: { event: tag } }
  c: { commands: x, depends_on: [{ name: b, optional: ${optional} }, { name: gone, optional: true }, { name: a }] }
  d: { commands: x, depends_on: [{ name: b, optional: ${optional} }] }`;
    expect(lint(text('true'))).toEqual([]);
    expect(dependencies(text('true'))).toEqual({ a: [], b: ['a'], c: ['a'], d: [] });
    const tagged = planPipeline(inputOf(text('true'), EVENTS.tag)).plan?.workflows[0]?.plan.steps;
    expect(tagged?.find(({ name }) => name === 'd')?.dependsOn).toEqual(['b']);
  });

  test('without one that has to be there a step is skipped, and so is what needs that', () => {
    const text = `steps:
  last: { commands: x, depends_on: [{ name: c, optional: false }] }
  c: { commands: x, depends_on: [{ name: b, optional: false }, a] }
  b: { commands: x, depends_on: [], when: { event: tag } }
  a: { commands: x, depends_on: [] }
  d: { commands: x, depends_on: c }`;
    const selected = (event: RepositoryEvent) =>
      planPipeline(inputOf(text, event)).plan?.workflows[0]?.plan.steps.map((one) => one.selected);
    expect(selected(EVENTS.push)).toEqual([false, false, false, true, true]);
    expect(selected(EVENTS.tag)).toEqual([true, true, true, true, true]);
    expect(dependencies(text)['d']).toEqual(['a']);
  });

  test('may name a step that comes later in the file', () => {
    expect(dependencies('steps: { a: { commands: x, depends_on: b }, b: { commands: x } }')).toEqual({
      a: ['b'],
      b: [],
    });
  });

  test('has no circles, and each circle is shown once', () => {
    const text = `steps:
  a: { commands: x, depends_on: c }
  b: { commands: x, depends_on: a }
  c: { commands: x, depends_on: b }
  d: { commands: x, depends_on: a }`;
    expect(lint(text)).toEqual(['3:33 dependency_cycle']);
  });

  test('bears a chain of two thousand', () => {
    const steps = Array.from({ length: 2_000 }, (_, i) => `  s${i}: { commands: x, when: { event: tag } }`);
    expect(
      planOf(
        `steps:\n${steps.join('\n')}\n  last: { commands: x }`
          .replace('  s0:', '  first: { commands: x }\n  s0:')
          .replace(/\n {2}s1999.*/, '')
          .replace(/\n {2}s1998.*/, ''),
      ).steps.at(-1)?.dependsOn,
    ).toEqual(['first']);
  });
});

describe('a step', () => {
  test('takes one command for a list, and text in all its forms', () => {
    const text =
      'steps:\n  a: { commands: npm test }\n  b:\n    commands:\n      - |\n        one\n        two\n      - "three"\n';
    expect(planOf(text).steps.map(({ commands }) => commands)).toEqual([
      ['npm test'],
      ['one\ntwo\n', 'three'],
    ]);
  });

  test('keeps ${CI_…} in commands for the shell', () => {
    const text = 'steps: { a: { commands: ["echo ${CI_COMMIT_MESSAGE} $CI_COMMIT_SHA"] } }';
    expect(planOf(text).steps[0]?.commands).toEqual(['echo ${CI_COMMIT_MESSAGE} $CI_COMMIT_SHA']);
  });

  test('has an hour, unless it says otherwise', () => {
    const timeout = (value: string) =>
      planOf(`steps: { a: { commands: x, timeout: ${value} } }`).steps[0]?.timeoutMs;
    expect(planOf('steps: { a: { commands: x } }').steps[0]?.timeoutMs).toBe(3_600_000);
    expect(['90s', '10m', '1h30m', '1d', '1500ms'].map(timeout)).toEqual([
      90_000, 600_000, 5_400_000, 86_400_000, 1_500,
    ]);
  });

  test.each(['10', '10x', '0s', '8d', '-1m', '1.5h', 'm', '""', '1m1h', '99999999999999s'])(
    'has no timeout of %s',
    (value) => expect(lint(`steps: { a: { commands: x, timeout: ${value} } }`)).toEqual(['1:37 value_wrong']),
  );

  test('keeps the order and the very text of its environment', () => {
    const text =
      'steps: { a: { commands: x, environment: { Z: 1.10, A: yes, S: { from_secret: k }, E: "" } } }';
    expect(JSON.stringify(planOf(text).steps[0]?.environment)).toBe(
      '{"Z":"1.10","A":"yes","S":{"fromSecret":"k"},"E":""}',
    );
  });

  test('may be called anything a person can read', () => {
    expect(lint('steps: [{ name: "1. build & test ✓", commands: x }]')).toEqual([]);
    expect(lint(`steps: [{ name: "${'x'.repeat(65)}", commands: x }]`)).toEqual(['1:17 value_wrong']);
    expect(lint('steps: [{ name: "a\\u202Eb", commands: x }]')).toEqual(['1:17 value_wrong']);
  });

  test.each([
    'node:20',
    'node',
    'a/b/c:1',
    'registry.example.com:5000/a/b:1',
    'localhost/a:1',
    `a@sha256:${'0'.repeat(64)}`,
  ])('runs in the image %s', (image) =>
    expect(
      lint(`steps: { a: { image: "${image}", commands: x } }`).filter((line) => !line.endsWith('mutable')),
    ).toEqual([]),
  );

  test.each(['Node:20', 'node 20', 'https://a/b', 'a:', ':1', 'a@sha256:0', '-a', 'a//b'])(
    'does not run in %s',
    (image) => expect(lint(`steps: { a: { image: "${image}", commands: x } }`)).toEqual(['1:22 value_wrong']),
  );
});

describe('a service', () => {
  const ready = (text: string) => planOf(`services: { db: { image: a:1${text} } }`).services[0]?.ready;

  test('is ready by itself, by a command, and within its time', () => {
    expect(ready('')).toEqual({ kind: 'auto', timeoutMs: 60_000 });
    expect(ready(', ready: { timeout: 5s }')).toEqual({ kind: 'auto', timeoutMs: 5_000 });
    expect(ready(', ready: pg_isready')).toEqual({
      kind: 'command',
      command: 'pg_isready',
      timeoutMs: 60_000,
    });
  });

  test('counts as used when any command or environment names it', () => {
    const file = (use: string) =>
      `services: { my-db: { image: a:1 } }\nsteps: { a: { commands: x, ${use} } }`;
    expect(lint(file('environment: { URL: "postgres://u:p@my-db:5432/x" }'))).toEqual([]);
    expect(lint(file('environment: { URL: "postgres://u:p@my-db2/x" }'))).toEqual(['1:13 service_unused']);
  });

  test('counts as used by who shares a volume with it, but for other services', () => {
    const file = (source: string) =>
      `services: { filler: { image: a:1, volumes: ["site:/out"] }, idle: { image: a:1, volumes: ["own:/x"] } }\nsteps: { a: { commands: x, volumes: ["${source}:/in"] } }`;
    expect(lint(file('site'))).toEqual(['1:61 service_unused']);
    expect(lint(file('other'))).toEqual(['1:13 service_unused', '1:61 service_unused']);
  });

  test('has a name that resolves', () => {
    for (const name of ['DB', 'a.b', '-a', 'a'.repeat(64)])
      expect(lint(`services: { "${name}": { image: a:1 } }`)[0]).toBe('1:13 value_wrong');
  });
});
