import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const step = (environment: string, settings = '{}') =>
  `steps:
  - { name: a, image: "busybox:1.36", commands: [x], environment: ${environment} }
  - { name: b, image: "plugins/x:1", settings: ${settings} }
`;

it.each(['woodpecker', 'drone'] as const)(
  'of %s each secret in capitals is noted once, as it is found in any case there',
  (format) => {
    const text = step(
      '{ A: { from_secret: Token }, B: { from_secret: token } }',
      '{ a: { from_secret: Token }, b: { from_secret: NPM } }',
    );
    expect(notesOf(format, text).filter((one) => one.includes('any letter case'))).toEqual([
      expect.stringContaining('2 convert_changed: `steps[0].environment.A.from_secret`'),
      expect.stringContaining('3 convert_changed: `steps[1].settings.b.from_secret`'),
    ]);
    expect(
      notesOf(format, step('{ A: { from_secret: npm_token } }')).filter((one) => one.includes('from_secret')),
    ).toEqual([]);
  },
);

it.each([
  ['"my secret"', 'my_secret'],
  ['"a/b.c-d"', 'a_b.c-d'],
  ['"-a"', '_-a'],
])('the name %s that no secret has here is written as %s, and noted', (name, ours) => {
  const text = step(`{ A: { from_secret: ${name} } }`, `{ a: { b: { from_secret: ${name} } } }`);
  expect(textOf('woodpecker', text).match(/from_secret: (.*)/g)).toEqual([
    `from_secret: ${ours}`,
    `from_secret: ${ours}`,
  ]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringContaining(`the secret is called \`${ours}\``),
    expect.stringContaining(`the secret is called \`${ours}\``),
  ]);
});

it('a secret without a name is left out, and noted', () => {
  const text = step('{ A: { from_secret: "" } }');
  expect(errorsOf('woodpecker', text)).toEqual([]);
  expect(notesOf('woodpecker', text).join()).toContain('no secret is named');
});
