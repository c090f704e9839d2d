import { describe, expect, test } from 'vitest';
import { EVENTS, lint, planOf } from './support.ts';

const stepsOf = (text: string) => planOf(text, EVENTS.push).steps;
const commandsOf = (text: string) =>
  Object.fromEntries(stepsOf(text).map(({ name, commands }) => [name, commands]));

describe('a merge key', () => {
  test('takes the keys of a map that it names, and its own win wherever they stand', () => {
    const text = `variables: { base: &base { image: "node:24", commands: base, timeout: 5m } }
steps:
  - { name: a, <<: *base }
  - { name: b, commands: own, <<: *base }
  - { <<: *base, name: c, image: "node:22" }`;
    expect(stepsOf(text).map(({ image, commands, timeoutMs }) => [image, commands, timeoutMs])).toEqual([
      ['node:24', ['base'], 300_000],
      ['node:24', ['own'], 300_000],
      ['node:22', ['base'], 300_000],
    ]);
  });

  test('takes the first of several that have a key, and what those take themselves', () => {
    const text = `variables:
  - &a { commands: a }
  - &b { <<: *a, commands: b, timeout: 1m }
  - &c { commands: c, timeout: 2m, failure: ignore }
steps: { x: { <<: [*b, *c] }, y: { <<: [*c, *b] }, z: { <<: { commands: z } } }`;
    expect(commandsOf(text)).toEqual({ x: ['b'], y: ['c'], z: ['z'] });
    expect(stepsOf(text)[0]).toMatchObject({ timeoutMs: 60_000, failure: 'ignore' });
  });

  test('works in a map of names, and replaces what is in it as a whole', () => {
    const text = `variables: { env: &env { A: "1", B: "2" } }
steps: { x: { commands: x, environment: { <<: *env, B: "3" } } }`;
    expect(stepsOf(text)[0]?.environment).toEqual({ A: '1', B: '3' });
  });

  test('is a key like any other in quotes', () => {
    expect(lint('image: { "<<": {} }')).toEqual(['1:10 key_unknown']);
  });

  test.each(['x', '[x]', '*list', '[*list]', ''])('takes maps alone: not %s', (value) => {
    const text = `variables: &list [a]\nsteps: { x: { commands: x, <<: ${value} } }`;
    expect(lint(text).map((problem) => problem.replace(/.* /, ''))).toContain('merge_wrong');
  });

  test('has its problems where the text stands', () => {
    const text =
      'variables:\n  base: &base { commands: x, timeout: soon, colour: red }\nsteps: { x: { <<: *base } }';
    expect(lint(text)).toEqual(['2:39 value_wrong', '2:45 key_unknown']);
  });

  test('ends soon, with a problem, where it stands for more than a file may', () => {
    const levels = Array.from({ length: 20 }, (_, i) =>
      i === 0
        ? '  l0: &l0 { A: x }'
        : `  l${i}: &l${i} { <<: [${Array(10)
            .fill(`*l${i - 1}`)
            .join(', ')}] }`,
    );
    const bomb = `variables:\n${levels.join('\n')}\nsteps: { x: { commands: x, environment: { <<: *l19 } } }`;
    expect(lint(bomb).map((problem) => problem.replace(/.* /, ''))).toEqual(['too_complex']);
    const chain = Array.from(
      { length: 3_000 },
      (_, i) => `  c${i}: &c${i} { ${i === 0 ? 'A: x' : `<<: *c${i - 1}`} }`,
    );
    const long = `variables:\n${chain.join('\n')}\nsteps: { x: { commands: x, environment: { <<: *c2999 } } }`;
    expect(lint(long).map((problem) => problem.replace(/.* /, ''))).toEqual(['too_complex']);
  });
});

test('variables may be anything, and are read for nothing', () => {
  expect(lint('variables: [1, { commands: 2 }]\nsteps: { a: { commands: x } }')).toEqual([]);
  expect(planOf('variables: x\nimage: {}')).toEqual(planOf('image: {}'));
});
