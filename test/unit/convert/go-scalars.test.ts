import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Format } from '../../../src/convert/converted.ts';
import { errorsOf, notesOf, textOf } from './support.ts';

interface Written {
  readonly labels?: Readonly<Record<string, string>>;
  readonly matrix?: Readonly<Record<string, readonly string[]>>;
  readonly steps: readonly {
    readonly environment?: Readonly<Record<string, unknown>>;
    readonly settings?: Readonly<Record<string, unknown>>;
  }[];
  readonly services?: readonly { readonly environment?: Readonly<Record<string, unknown>> }[];
}

const written = (format: Format, text: string): Written =>
  parse(textOf(format, text), { schema: 'failsafe' }) as Written;

const step = (rest: string): string => `steps:\n  - { name: one, image: "alpine:3", ${rest} }\n`;
const drone = (text: string): string => `kind: pipeline\ntype: docker\nname: default\n${text}`;

const environment = (value: string): unknown =>
  written('woodpecker', step(`commands: make, environment: { VALUE: ${value} }`)).steps[0]?.environment;

it.each([
  ['1.20', '1.2'],
  ['3.0', '3'],
  ['0755', '493'],
  ['-0755', '-493'],
  ['08', '8'],
  ['0x1F', '31'],
  ['0o17', '15'],
  ['0b101', '5'],
  ['1_000', '1000'],
  ['+7', '7'],
  ['1e3', '1000'],
  ['1e6', '1e+06'],
  ['1234567', '1234567'],
  ['1234567.5', '1.2345675e+06'],
  ['0.00001', '1e-05'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['-0', '-0'],
  ['18446744073709551615', '18446744073709551615'],
  ['18446744073709551616', '1.8446744073709552e+19'],
  ['.inf', '+Inf'],
  ['-.INF', '-Inf'],
  ['.NaN', 'NaN'],
  ['True', 'true'],
  ['FALSE', 'false'],
  ['2024-01-02', '"2024-01-02T00:00:00Z"'],
  ['2024-1-2T3:04:05.50+02:00', '"2024-01-02T03:04:05.5+02:00"'],
  ['2024-01-02 03:04:05', '"2024-01-02T03:04:05Z"'],
  ['!!int "0755"', '493'],
])(
  'a value of Woodpecker that YAML takes for no text is what it makes of it: %s is %s',
  (value, expected) => {
    expect(environment(value)).toEqual({ VALUE: expected });
  },
);

it.each(["'1.20'", '"1.20"', '!!str 1.20'])('text stays as it is written: %s', (value) => {
  expect(environment(value)).toEqual({ VALUE: '1.20' });
});

it.each(['yes', 'on', 'n', '1.2.3', '0x', '08x', '2024-13-01', '2024-02-30', '12:30', '1e999', '0b2', 'v1'])(
  '%s is text in Woodpecker',
  (value) => expect(environment(value)).toEqual({ VALUE: value }),
);

it.each(['', '~', 'null'])('a variable of nothing is not set: `%s`', (value) => {
  expect(environment(value)).toBeUndefined();
  const text = drone(step(`commands: make, environment: { VALUE: ${value} }`));
  expect(written('drone', text).steps[0]?.environment).toBeUndefined();
});

it('a variable that is a list or a map is what Woodpecker makes of it', () => {
  expect(environment('[a, 1.20, ~, yes]')).toEqual({ VALUE: 'a,1.2,,yes' });
  expect(environment('{ b: 1.20, a: [0755, "1", ~, <x>] }')).toEqual({
    VALUE: '{"a":[493,"1",null,"\\u003cx\\u003e"],"b":1.2}',
  });
  expect(environment('[]')).toEqual({ VALUE: '' });
});

it('no secret is put into a part of a variable, and that is noted', () => {
  const text = step('commands: make, environment: { VALUE: [{ from_secret: token }], B: c }');
  expect(written('woodpecker', text).steps[0]?.environment).toEqual({ B: 'c' });
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/^2 convert_left_out: .*VALUE.*no secret is put/),
  ]);
});

it('settings of Woodpecker are of any type, and what is nested is JSON of that type', () => {
  const text = step(
    `settings: { version: 1.20, dry: True, off: ~, tags: [1.20, latest], deep: { b: 2, a: x } }`,
  );
  expect(written('woodpecker', text).steps[0]?.settings).toEqual({
    version: '1.2',
    dry: 'true',
    tags: ['1.2', 'latest'],
    deep: '{"a":"x","b":2}',
  });
  expect(notesOf('woodpecker', text)).toEqual([]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('nested settings of text alone, or with secrets and variables, stay what they are; numbers beside them are noted', () => {
  const text = step(`settings: { plain: { a: x }, deep: { n: 1.20, s: { from_secret: token } } }`);
  expect(written('woodpecker', text).steps[0]?.settings).toEqual({
    plain: { a: 'x' },
    deep: { n: '1.2', s: { from_secret: 'token' } },
  });
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/settings\.deep.*numbers and truth values/),
  ]);
  const list = step('settings: { list: [a, { from_secret: token }] }');
  expect(notesOf('woodpecker', list)).toEqual([expect.stringMatching(/settings\.list.*joined by commas/)]);
});

it.each([
  ['1.20', '1.2'],
  ['0755', '493'],
  ['yes', 'true'],
  ['Off', 'false'],
  ['n', 'false'],
  ['-0', '0'],
  ['2024-01-02', '2024-01-02'],
  ['[1.20, yes, ~]', ['1.2', 'true', '']],
  ['{ b: on, a: 2024-01-02 }', '{"a":"2024-01-02","b":true}'],
])('a setting of Drone is what its YAML 1.1 makes of it: %s', (value, expected) => {
  const text = drone(step(`settings: { value: ${value} }`));
  expect(written('drone', text).steps[0]?.settings).toEqual({ value: expected });
});

it('Drone puts no secret into what is nested in a setting, and neither do we', () => {
  const text = drone(step('settings: { value: [a, { from_secret: token }], own: { from_secret: token } }'));
  expect(written('drone', text).steps[0]?.settings).toEqual({
    value: '["a",{"from_secret":"token"}]',
    own: { from_secret: 'token' },
  });
});

it('variables of Drone are the text that stands there', () => {
  const text = drone(
    `environment: { A: 1.20, B: ~ }\n${step('commands: make, environment: { C: 0755, D: yes }')}`,
  );
  expect(written('drone', text).steps[0]?.environment).toEqual({ A: '1.20', B: '', C: '0755', D: 'yes' });
});

it('a service has the same values; a matrix and labels are text', () => {
  const text = `labels: { version: 1.20 }
matrix: { GO: [1.20, 0755] }
${step('commands: make')}services: [{ name: db, image: "postgres:15", environment: { A: 1.20 } }]
`;
  const { labels, matrix, services } = written('woodpecker', text);
  expect(labels).toEqual({ version: '1.20' });
  expect(matrix).toEqual({ GO: ['1.20', '0755'] });
  expect(services?.[0]?.environment).toEqual({ A: '1.2' });
});
