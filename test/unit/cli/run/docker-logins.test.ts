import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDockerLogins } from '../../../../src/cli/run/docker-logins.ts';
import type { Plan, StepPlan } from '../../../../src/core/plan.ts';

let folder: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-logins-'));
  environment = { ...process.env, DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` };
});
afterEach(() => rmSync(folder, { recursive: true }));

const config = (value: unknown) =>
  writeFileSync(path.join(folder, 'config.json'), typeof value === 'string' ? value : JSON.stringify(value));
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

/** A credential helper that writes down what it is asked for. */
function helper(name: string, shell: string): () => readonly string[] {
  const asked = path.join(folder, `${name}.asked`);
  writeFileSync(asked, '');
  const file = path.join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\nread -r key\necho "$1 $key" >> '${asked}'\n${shell}\n`);
  chmodSync(file, 0o755);
  return () => readFileSync(asked, 'utf8').trim().split('\n').filter(Boolean);
}

const plan = (images: readonly string[], more: Partial<Plan> = {}): Plan => ({
  image: null,
  services: [],
  steps: images.map((image) => ({ image, selected: true }) as StepPlan),
  push: null,
  deploys: [],
  ...more,
});

test('a login of the file is that of its registry alone, Docker Hub under the key of its own', async () => {
  config({
    auths: {
      'https://index.docker.io/v1/': auth('hub:pass:word'),
      'registry.example.com:5000': auth('ada:secret'),
      'other.example.com': auth('other:never'),
    },
  });
  const plans = [plan(['node:20', 'registry.example.com:5000/a/b:1'])];
  expect(await readDockerLogins(plans, [], environment)).toEqual({
    logins: {
      'docker.io': { username: 'hub', password: 'pass:word' },
      'registry.example.com:5000': { username: 'ada', password: 'secret' },
    },
    left: [],
  });
});

test("Docker Hub's is that of /v1/, in each order, never a token that a web login keeps beside it", async () => {
  const web = [
    ['docker.io', auth('ada:never asked for by docker')],
    ['https://index.docker.io/v1/', auth('ada:password')],
    ['https://index.docker.io/v1/access-token', auth('ada:ACCESS')],
    ['https://index.docker.io/v1/refresh-token', auth('ada:REFRESH')],
  ] as const;
  for (const entries of [web, web.toReversed()]) {
    config({ auths: Object.fromEntries(entries) });
    expect((await readDockerLogins([plan(['node:20'])], [], environment)).logins).toEqual({
      'docker.io': { username: 'ada', password: 'password' },
    });
  }
  config({ auths: Object.fromEntries(web.slice(2)) });
  expect(await readDockerLogins([plan(['node:20'])], [], environment)).toEqual({ logins: {}, left: [] });

  const asked = helper('keeper', `echo '{"Username":"ada","Secret":"kept"}'`);
  config({ auths: Object.fromEntries(web.map(([key]) => [key, {}])), credsStore: 'keeper' });
  expect((await readDockerLogins([plan(['node:20'])], [], environment)).logins).toEqual({
    'docker.io': { username: 'ada', password: 'kept' },
  });
  expect(asked()).toEqual(['get https://index.docker.io/v1/']);
});

test("a registry's key with a path counts only where there is none without", async () => {
  const keys = [
    ['https://a.example.com/v2/', auth('ada:of a path')],
    ['a.example.com', auth('ada:of the host')],
  ] as const;
  for (const entries of [keys, keys.toReversed()]) {
    config({ auths: Object.fromEntries(entries) });
    const { logins } = await readDockerLogins([plan(['a.example.com/x:1'])], [], environment);
    expect(logins['a.example.com']?.password).toBe('of the host');
  }
  config({ auths: { 'https://a.example.com/v2/': auth('ada:of a path') } });
  const { logins } = await readDockerLogins([plan(['a.example.com/x:1'])], [], environment);
  expect(logins['a.example.com']?.password).toBe('of a path');
});

test('every login of the file counts where an image is built, whose bases are not known', async () => {
  config({ auths: { 'base.example.com': auth('ada:secret') } });
  const image = {
    dockerfile: 'Dockerfile',
    context: '.',
    target: null,
    testTarget: null,
    args: {},
    secrets: [],
  };
  const { logins } = await readDockerLogins([plan([], { image })], [], environment);
  expect(Object.keys(logins)).toEqual(['base.example.com']);
});

test('a helper of one registry goes before the store, and each is asked for what is needed alone', async () => {
  const store = helper('keeper', `echo '{"Username":"kept","Secret":"from the store"}'`);
  const own = helper('special', `echo '{"Username":"own","Secret":"from the helper"}'`);
  config({
    auths: { 'a.example.com': {}, 'never.example.com': {} },
    credsStore: 'keeper',
    credHelpers: { 'b.example.com': 'special' },
  });
  const { logins, left } = await readDockerLogins(
    [plan(['a.example.com/x:1'])],
    ['b.example.com/y@sha256:0'],
    environment,
  );
  expect(left).toEqual([]);
  expect(logins).toEqual({
    'a.example.com': { username: 'kept', password: 'from the store' },
    'b.example.com': { username: 'own', password: 'from the helper' },
  });
  expect([store(), own()]).toEqual([['get a.example.com'], ['get b.example.com']]);
});

test('a helper that knows of none is no reason to fail, and one that fails is told of without what it said', async () => {
  helper('none', 'echo "credentials not found in native keychain"; exit 1');
  helper('broken', 'echo SECRET; exit 3');
  helper('token', `echo '{"Username":"<token>","Secret":"SECRET"}'`);
  helper('odd', 'echo SECRET');
  config({
    credHelpers: {
      'none.example.com': 'none',
      'broken.example.com': 'broken',
      'token.example.com': 'token',
      'odd.example.com': 'odd',
      'gone.example.com': 'gone',
      'evil.example.com': '../../bin/sh',
    },
  });
  const hosts = ['none', 'broken', 'token', 'odd', 'gone', 'evil'];
  const { logins, left } = await readDockerLogins(
    [plan(hosts.map((host) => `${host}.example.com/x:1`))],
    [],
    environment,
  );
  expect(logins).toEqual({});
  expect(left).toEqual([
    'docker-credential-broken gave no login of broken.example.com (3)',
    'docker-credential-../../bin/sh is no name of a credential helper',
    'docker-credential-gone, which keeps the login of gone.example.com, is not on this machine',
    'docker-credential-odd answered for odd.example.com with no JSON',
    'the login of token.example.com is a token, which is not used here',
  ]);
});

test('no file is no login, and one that cannot be read is said', async () => {
  expect(await readDockerLogins([plan(['a/b:1'])], [], environment)).toEqual({ logins: {}, left: [] });
  config('{');
  expect((await readDockerLogins([plan(['a/b:1'])], [], environment)).left).toEqual([
    `${path.join(folder, 'config.json')} is no JSON`,
  ]);
  for (const odd of [
    '[]',
    'null',
    '{"auths":[1],"credHelpers":{"a":2},"credsStore":{}}',
    '{"auths":{"docker.io":7}}',
  ]) {
    config(odd);
    expect(await readDockerLogins([plan(['a/b:1'])], [], environment)).toEqual({ logins: {}, left: [] });
  }
});
