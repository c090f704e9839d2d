import { expect, it } from 'vitest';
import { notesOf, textOf } from './support.ts';

const gitlab = (service: string): string =>
  `a:\n  image: alpine:3\n  script: [x]\n  services:\n    - ${service}\n`;

it.each<[string, string]>([
  ['postgres:15', 'postgres'],
  ['{ name: "bitnami/redis:7", alias: cache }', 'cache'],
  [
    '"bitnami/redis@sha256:1111111111111111111111111111111111111111111111111111111111111111"',
    'bitnami-redis',
  ],
  ['{ name: "postgres:15", alias: DB }', 'db'],
])('the service %s is called %s, as there', (service, name) => {
  expect(textOf('gitlab', gitlab(service))).toContain(`- name: ${name}\n`);
  expect(notesOf('gitlab', gitlab(service))).toEqual([]);
});

it.each<[string, string]>([
  ['{ name: "postgres:15", alias: "db,pg" }', 'db'],
  ['{ name: "postgres:15", alias: "db pg" }', 'db'],
  ['{ name: "postgres:15", alias: my.db }', 'my-db'],
  ['registry.example.com:5000/team/pg:1', 'registry-example-com-team-pg'],
])('the service %s is called %s alone, and that is noted', (service, name) => {
  expect(textOf('gitlab', gitlab(service))).toContain(`- name: ${name}\n`);
  expect(notesOf('gitlab', gitlab(service))).toEqual([
    `5 convert_changed: \`a.services[0]\` is not quite the same here: its name as a host is \`${name}\` alone.`,
  ]);
});

it.each<[string, string, string]>([
  ['bitnami/redis:7', 'redis-cli -h bitnami__redis ping', 'bitnami-redis'],
  ['{ name: "postgres:15", alias: db }', 'psql postgres://me@postgres:5432/app', 'db'],
  ['{ name: "bitnami/redis:7", alias: cache }', 'redis-cli -h bitnami-redis', 'cache'],
])(
  'the service %s that is reached by a name after its image, too: that is noted',
  (service, command, name) => {
    expect(notesOf('gitlab', gitlab(service).replace('[x]', `["${command}"]`))).toEqual([
      `5 convert_changed: \`a.services[0]\` is not quite the same here: its name as a host is \`${name}\` alone.`,
    ]);
    const inVariable = `variables: { WHERE: "${command}" }\n${gitlab(service)}`;
    expect(notesOf('gitlab', inVariable)).toEqual([expect.stringContaining(`\`${name}\` alone`)]);
  },
);

it.each([
  'bitnami-redis',
  'bitnami__redis-2',
  'my.bitnami__redis',
  'bitnami__redis.example',
  'a_bitnami__redis',
])('a command that says %s does not call it otherwise', (word) => {
  const file = gitlab('bitnami/redis:7').replace('[x]', `["ping ${word}"]`);
  expect(notesOf('gitlab', file)).toEqual([]);
});
