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
