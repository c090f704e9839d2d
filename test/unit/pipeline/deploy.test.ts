import { expect, test } from 'vitest';
import { lint, planOf } from './support.ts';

const deploy = (more: string) => `deploy: { environment: live, port: 80, host: a.example.com, ${more} }`;
const planned = (more: string) => {
  const [only] = planOf(deploy(more)).deploys;
  if (only === undefined) throw new Error('nothing is deployed');
  return only;
};

test('a deployment that says only what it must gets every default', () => {
  expect(planOf('deploy: { environment: live, port: 80, host: a.example.com }').deploys).toEqual([
    {
      environment: 'live',
      port: 80,
      hosts: ['a.example.com'],
      env: {},
      volumes: [],
      command: [],
      resources: { memoryBytes: null, cpus: null },
      health: { path: '/', passes: 2, timeoutMs: 60_000 },
      smoke: null,
      drain: { requestsMs: 30_000, connectionsMs: 300_000 },
      standbyMs: 3_600_000,
      prepare: 'pull',
    },
  ]);
});

test('short forms mean the long ones', () => {
  expect(planned('health: /up').health).toEqual({ path: '/up', passes: 2, timeoutMs: 60_000 });
  expect(planned('smoke: { commands: x }').smoke).toEqual({ commands: ['x'], timeoutMs: 300_000 });
  expect(
    planOf('deploy: [{ environment: a, port: 1, host: [A.example.com, b, b] }]').deploys[0]?.hosts,
  ).toEqual(['a.example.com', 'b']);
});

test('sizes, shares and times have their units', () => {
  const memory = (size: string) => planned(`resources: { memory: ${size} }`).resources.memoryBytes;
  expect(['6m', '512M', '2g', '1GiB', '8192k', '6291456b'].map(memory)).toEqual([
    6 * 2 ** 20,
    2 ** 29,
    2 ** 31,
    2 ** 30,
    2 ** 23,
    6 * 2 ** 20,
  ]);
  expect(planned('resources: { cpus: 0.5 }').resources.cpus).toBe(0.5);
  expect(planned('standby: 0s').standbyMs).toBe(0);
});

test.each([
  'resources: { memory: 5m }',
  'resources: { memory: 512 }',
  'resources: { cpus: 0 }',
  'health: up',
  'health: { passes: 0 }',
  'volumes: [/data]',
  'volumes: ["a:data"]',
  'volumes: ["a:/x/../.."]',
  'volumes: ["a:/"]',
  'standby: 31d',
  'prepare: late',
  'env: { "A-B": x }',
])('%s is refused', (more) => expect(lint(deploy(more)).join()).toMatch(/^1:\d+ value_wrong$/));

test.each(['', 'a b', 'http://a', 'a:80', '*.example.com', '-a', 'a-', 'a..b', 'a.', 'a'.repeat(64)])(
  '%j is no host',
  (host) =>
    expect(lint(`deploy: { environment: a, port: 1, host: ${JSON.stringify(host)} }`)).toEqual([
      '1:42 value_wrong',
    ]),
);

test.each(['release', 'approval', 'watch', 'canary', 'background', 'retry', 'replicas'])(
  '%s is said to come later',
  (key) => expect(lint(deploy(`${key}: x`))).toEqual(['1:61 key_not_yet']),
);

test('an app keeps its command in words, not as a line for a shell', () => {
  expect(planned('command: [node, "a b.js"]').command).toEqual(['node', 'a b.js']);
  expect(lint(deploy('command: node a.js'))).toEqual(['1:70 type_wrong']);
});

test('secrets of the app stay references', () => {
  expect(planned('env: { A: { from_secret: k }, B: "1" }').env).toEqual({ A: { fromSecret: 'k' }, B: '1' });
  expect(lint(deploy('env: { A: { from_secert: k } }'))).toEqual(['1:73 key_unknown']);
});
