import { expect, test } from 'vitest';
import { neededFeatures } from '../../../src/core/worker-feature.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { lint, planOf } from './support.ts';

const withVolumes = (volumes: string) =>
  `steps: { a: { image: "busybox:1.36", commands: x, volumes: ${volumes} } }`;

test('volumes have a name, a path and perhaps only reading; a plan without any stays as it was', () => {
  expect(
    planOf(withVolumes('["data:/data/./x/", "Lib_1:/usr/lib/x:ro", "data:/y:rw", "data:/etc/hosts.d"]'))
      .steps[0]?.volumes,
  ).toEqual([
    { name: 'data', path: '/data/x', readOnly: false },
    { name: 'Lib_1', path: '/usr/lib/x', readOnly: true },
    { name: 'data', path: '/y', readOnly: false },
    { name: 'data', path: '/etc/hosts.d', readOnly: false },
  ]);
  const plan = planOf(
    'services: { db: { image: "postgres:15", volumes: ["data:/data"] } }\nsteps: { a: { image: "node:24", commands: "x db" } }',
  );
  expect(plan.services[0]?.volumes).toEqual([{ name: 'data', path: '/data', readOnly: false }]);
  expect(plan.steps[0]).not.toHaveProperty('volumes');
});

test.each([
  '/:/host',
  '/var/run/docker.sock:/var/run/docker.sock',
  '/var/run/../run/docker.sock:/x:ro',
  '/etc:/x:ro',
  '/run/containerd:/x:ro',
  '//var/./run:/x',
  '/srv/../etc:/x',
  '/home:/x:ro',
  './sub:/x',
  '../..:/x',
  '~/.ssh:/x',
])('%s is a path of the host, which is named and refused', (volume) => {
  const problems = lintPipeline(withVolumes(JSON.stringify([volume])), 'slipway.yml');
  const [source = '', path = ''] = volume.split(':');
  expect(problems.map(({ code }) => code)).toEqual(['volume_of_host']);
  expect(problems[0]?.message).toContain(`\`${source}\` is a path of the worker’s host`);
  expect(problems[0]?.message).toContain(`\`${path}\``);
  expect(problems[0]?.fix).not.toMatch(/\{\w+\}|undefined/);
});

test.each([
  'data',
  'data:data',
  ':/data',
  'data:/',
  'data:/./',
  'data:/workspace',
  'data:/workspace/',
  'data:/workspace/.git/hooks',
  'data:/proc/x',
  'data:/sys',
  'data:/dev/shm',
  'data:/.slipway',
  'data:/.slipway-split',
  'data:/.slipway-split/files',
  'data:/etc/hosts',
  'data:/etc/./hostname:ro',
  'data:/etc/resolv.conf/',
  'data:/a/../b',
  'data:/a:z',
  '/a:/b:/c',
  'a/b:/c',
  '${HOME}:/c',
])('%s is no volume', (volume) => {
  expect(lint(withVolumes(JSON.stringify([volume]))).join()).toContain('value_wrong');
});

test('two volumes at one path, and more than sixteen, are refused', () => {
  expect(lint(withVolumes('["a:/d", "b:/d/."]')).join()).toContain('volume_duplicate');
  const many = Array.from({ length: 17 }, (_, i) => `v${i}:/v${i}`);
  expect(lint(withVolumes(JSON.stringify(many))).join()).toContain('too_complex');
});

test('the steps and services of a workflow name at most 64 volumes, as often as they like', () => {
  const fileOf = (volumes: number) =>
    [
      'services: { db: { image: "postgres:15", volumes: ["v0:/data", "of-db:/d"] } }',
      'steps:',
      ...Array.from(
        { length: volumes },
        (_, i) => `  - { name: s${i}, image: "node:24", commands: x db, volumes: ["v${i}:/a", "v0:/b"] }`,
      ),
    ].join('\n');
  expect(lint(fileOf(63)).join()).not.toContain('too_complex');
  const problems = lintPipeline(fileOf(70), 'slipway.yml').filter(({ code }) => code === 'too_complex');
  expect(problems.map(({ line }) => line)).toEqual([66]);
  expect(problems[0]?.message).toContain('64');
});

test.each([
  '/etc/ssl/certs:/etc/ssl/certs:ro',
  '/a b:/x',
  '/srv//ca/./:/x',
  '/runner:/x',
  '/home/ci/cache:/x',
])('%s is a path that an operator may allow, of which lint says so', (volume) => {
  const problems = lintPipeline(withVolumes(JSON.stringify([volume])), 'slipway.yml');
  expect(problems.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    'volume_needs_operator warning',
  ]);
  expect(`${problems[0]?.message} ${problems[0]?.fix}`).not.toMatch(/\{\w+\}|undefined/);
});

test('a path of the host is in the plan as tidy as an operator writes it, and needs a worker that knows of it', () => {
  const plan = planOf(withVolumes('["/srv//ca/./:/ca:ro", "data:/data"]'));
  expect(plan.steps[0]?.volumes).toEqual([
    { host: '/srv/ca', path: '/ca', readOnly: true },
    { name: 'data', path: '/data', readOnly: false },
  ]);
  expect(neededFeatures(plan)).toEqual(['volumes', 'host-volumes']);
  expect(neededFeatures(planOf(withVolumes('["/srv/ca:/ca"]')))).toEqual(['host-volumes']);
});
