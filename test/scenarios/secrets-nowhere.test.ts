import { Redis } from 'ioredis';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { BuildTestsView } from '../../src/core/views/tests-view.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { NotificationTargetView } from '../../src/core/notification.ts';
import { APP_LABELS } from '../../worker/deploy/app-container.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { endOf, push } from '../support/builds.ts';
import { filesWith } from '../support/files-with.ts';
import { routesOf } from '../support/list-routes.ts';
import { startCollector, type TestCollector } from '../support/otlp-collector.ts';
import { testParts } from '../support/parts.ts';
import { LOGIN, READER } from '../support/registry-logins.ts';
import { formsOf, secretsIn } from '../support/secret-forms.ts';
import { WEBHOOK_SECRET } from '../support/system.ts';
import { startTestServer } from '../support/test-server.ts';
import { waitFor } from '../support/wait.ts';
import { environmentOf, explain } from './support/expect-build.ts';
import { attemptOf } from './support/read-build.ts';
import { contentOf } from './support/registry.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

const HOST = 'nowhere.example.com';
/** One of every kind that Slipway is given; those that it makes itself are added once they are made. */
const secrets: Record<string, string> = {
  'of a step': 'p@ss w/rd \'of\' a "step" + 100% $HOME é',
  'of a service': 'what-only-the-service-has/4711==',
  'of the image': '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----',
  'of the app': 'postgres://app:hunter%21@db.example/shop?a=b&c=d',
  'of the repository': 'ghp_aTokenOf+a/Private=Repository',
  'of the registry': LOGIN.password,
  'of the registry, to read': READER.password,
  'of the webhook': WEBHOOK_SECRET,
  "of a notification's address": 'T0-hook-B0-path-XyZ987',
  'of a notification': 'what signs the messages',
  'of the mail server': 'the password of ci@example.com',
  'of the collector': 'what-opens/the=collector',
};

let world: World;
let engine: Engine;
let collector: TestCollector;
let build: BuildView;
/** Everything that was sent to Redis from before the push to the end, and all that is in it then. */
const toRedis: string[] = [];
let inRedis: string;
let commandLines: readonly string[];
/** What the engine tells of all that it has: `kind name` → its words. */
let whileRunning: ReadonlyMap<string, string>;
let afterwards: ReadonlyMap<string, string>;
let layers: Buffer;
let answers: ReadonlyMap<string, string>;

beforeAll(async () => {
  engine = connectEngine(testParts().dockerHost);
  collector = await startCollector();
  world = await startWorld(
    { lockedRegistry: true, env: { ...MAIL, ...tracesTo(collector) } },
    { password: secrets['of the repository'] ?? '' },
  );
  const { system } = world;
  secrets['of the admin'] = system.adminToken;
  secrets['of the worker'] = environmentOfProcess(system.worker?.pid)['SLIPWAY_WORKER_TOKEN'] ?? '';
  const repository = await world.addProject('secrets/nowhere', FILES, PROJECT_SECRETS, {
    token: secrets['of the repository'] ?? '',
  });
  const project = encodeURIComponent(repository.fullName);
  for (const [use, login] of [['push', LOGIN] as const, ['pull', READER] as const])
    await system.api('PUT', `/registries/${encodeURIComponent(system.registry.host)}`, { ...login, use });
  for (const target of TARGETS) await system.api('POST', `/projects/${project}/notifications`, target);

  await using redis = await watchRedis();
  const processes = watchProcesses();
  const id = await push(system, repository, {});
  await untilSaid(system, id, 'work', 'all is said');
  whileRunning = await inspectAll();
  layers = await savedImages();
  build = await endOf(system, id);
  commandLines = processes.stop();
  afterwards = await inspectAll();
  await told(project);
  await waitFor('the traces are sent', async () => collector.received.length > 1);
  inRedis = await redis.dump();
  answers = await allAnswers();
}, 180_000);
afterAll(async () => {
  engine.close();
  await world?.stop();
  await collector?.close();
});

describe('no secret', () => {
  it('is missing where it was to be: all are used', async () => {
    expect(build.status, explain(build)).toBe('success');
    expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
    expect(Object.values(secrets).every((value) => value.length >= 8)).toBe(true);
    const sizes = ['of the image', 'of the app'].map((name) => Buffer.byteLength(secrets[name] ?? ''));
    expect((await world.system.ask(HOST, '/sizes')).text.trim().split(/\s+/).map(Number)).toEqual(sizes);
  });

  it('is sent to Redis or kept in it', () => {
    expect(toRedis.length).toBeGreaterThan(20);
    expect(toRedis.join('\n')).toContain(build.workflows[0]?.id);
    expect(secretsIn(secrets, toRedis.join('\n'))).toEqual([]);
    expect(inRedis.length).toBeGreaterThan(100);
    expect(secretsIn(secrets, inRedis)).toEqual([]);
  });

  it('is in a layer, in the history or in the manifest of what was built, here or in the registry', async () => {
    const { repository = '', digest = '' } = build.pushed ?? {};
    const { host } = world.system.registry;
    const pushed = await contentOf(world.system.registryUrl, repository.slice(host.length + 1), digest);
    for (const content of [layers, Buffer.from(pushed, 'latin1')]) {
      expect(content.includes('of the size of the secret')).toBe(true);
      expect(secretsIn(secrets, content)).toEqual([]);
    }
  });

  it('is told by the engine of any container, network, volume or image but the container that asked for it', () => {
    const kinds = new Set([...whileRunning.keys()].map((name) => name.split(' ')[0]));
    expect([...kinds].sort()).toEqual(['container', 'events', 'history', 'image', 'network', 'volume']);
    // The app's may be there already, held.
    const { 'container app': app = ['of the app'], ...others } = found(whileRunning);
    expect({ app, others }).toEqual({
      app: ['of the app'],
      others: { 'container given': ['of a service'] },
    });
    expect(found(afterwards)).toEqual({ 'container app': ['of the app'] });
  });

  it('stands in the command line of a process', () => {
    expect(commandLines.some((line) => /docker.*build/.test(line))).toBe(true);
    expect(commandLines.filter((line) => secretsIn(secrets, line).length > 0)).toEqual([]);
  });

  it('is told by a route of the API that reads', () => {
    expect(answers.size).toBeGreaterThan(20);
    expect(found(answers)).toEqual({});
  });

  it('is in a trace, though what opens the collector is in the head of its request', () => {
    expect(collector.spans().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['BUILD secrets/nowhere', 'service given', 'step work', 'deploy production']),
    );
    expect(collector.received.map(({ headers }) => headers['x-api-key'])).toEqual(
      collector.received.map(() => secrets['of the collector']),
    );
    expect(secretsIn(secrets, collector.received.map(({ body }) => body).join('\n'))).toEqual([]);
  });

  it('is in a file of server, worker, Redis, router or registry, but the key to the pages in its own', () => {
    const forms = Object.values(secrets).flatMap(formsOf);
    const { dir } = world.system;
    const told = filesWith([build.id], dir).map((file) => path.relative(dir, file));
    expect(told).toContain('server.log');
    expect(told.some((file) => file.startsWith('data/slipway.db'))).toBe(true);
    expect(filesWith(forms, dir).map((file) => path.relative(dir, file))).toEqual(['data/admin-token']);
  });

  it('that somebody tries comes into the log of the server', async () => {
    const { url, dir } = world.system;
    const tried = 'slwa_a-token-that-somebody-tries-0123456789';
    const headers = { authorization: `Bearer ${tried}`, cookie: `slipway_session=${tried}` };
    for (const target of [`/api/v1/builds?token=${tried}`, '/worker/v1/claims', '/webhooks/github'])
      for (const method of ['GET', 'POST'])
        await fetch(url + target, {
          method,
          headers,
          ...(method === 'POST' ? { body: `{"a":"${tried}"` } : {}),
        });
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ token: tried });
    await fetch(`${url}/api/v1/session`, { method: 'POST', headers: json, body });
    const cloneUrl = `${world.host.url}/no/repository.git`;
    await expect(world.system.api('POST', '/projects', { cloneUrl, token: tried })).rejects.toThrow(/502/);
    const log = await readFile(path.join(dir, 'server.log'), 'utf8');
    expect(log).toContain('/api/v1/session');
    expect(secretsIn({ tried }, log)).toEqual([]);
  });
});

/** Nothing listens there: what cannot be sent is told with its reason, and that must not tell the address. */
const NOBODY = '127.0.0.1:9';
const MAIL = {
  SLIPWAY_NOTIFY_NETWORKS: '127.0.0.1',
  SLIPWAY_SMTP_HOST: '127.0.0.1',
  SLIPWAY_SMTP_PORT: '9',
  SLIPWAY_SMTP_TLS: 'none',
  SLIPWAY_SMTP_USER: 'ci@example.com',
  SLIPWAY_SMTP_PASSWORD: secrets['of the mail server'] ?? '',
  SLIPWAY_SMTP_FROM: 'Slipway <ci@example.com>',
};
const tracesTo = ({ url }: TestCollector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${encodeURIComponent(secrets['of the collector'] ?? '')}`,
});
const TARGETS = [
  {
    kind: 'webhook',
    url: `http://${NOBODY}/services/${secrets["of a notification's address"] ?? ''}`,
    secret: secrets['of a notification'],
    events: ['build.ended'],
  },
  { kind: 'email', addresses: ['ada@example.com'], events: ['build.ended'] },
];
const PROJECT_SECRETS = {
  step: secrets['of a step'] ?? '',
  service: secrets['of a service'] ?? '',
  image: secrets['of the image'] ?? '',
  app: secrets['of the app'] ?? '',
};
const FILES = {
  Dockerfile: `FROM slipway-test/busybox:1
RUN --mount=type=secret,id=image echo <run> of the size of the secret > /made && mkdir /www && wc -c < /run/secrets/image > /www/sizes
RUN --mount=type=secret,id=image cat /run/secrets/image; base64 /run/secrets/image
CMD ["sh", "-c", "printf %s \\"$DATABASE_URL\\" | wc -c >> /www/sizes; exec httpd -f -p 80 -h /www"]
`,
  'slipway.yml': `image: { secrets: [image] }
services:
  given:
    image: slipway-test/busybox:1
    environment: { TOKEN: { from_secret: service } }
    commands: sleep 3600
steps:
  - name: work
    environment: { TOKEN: { from_secret: step } }
    commands:
      - set -x
      - 'echo "$TOKEN"; printf %s "$TOKEN" | base64; echo "$TOKEN" > /tmp/token'
      - 'printf "<testsuite><testcase name=\\"t\\"><failure><![CDATA[%s]]></failure></testcase></testsuite>" "$TOKEN" > report.xml; echo plain > plain.txt'
      - echo all is said
      - sleep 4
    reports: { junit: [report.xml] }
    artifacts: [plain.txt]
push: {}
deploy:
  environment: production
  port: 80
  host: ${HOST}
  env: { DATABASE_URL: { from_secret: app } }
  health: /sizes
`,
};

/** Names of what has secrets in it, and which. */
function found(texts: ReadonlyMap<string, string>): Readonly<Record<string, readonly string[]>> {
  // Of a container its kind: a step has two.
  const all = [...texts].map(
    ([name, text]) => [name.replace(/(?<=^container \S+) .*/, ''), secretsIn(secrets, text)] as const,
  );
  return Object.fromEntries(all.filter(([, names]) => names.length > 0));
}

/** Keeps what is sent to Redis, by its own MONITOR, and reads all that is in it. */
async function watchRedis(): Promise<AsyncDisposable & { dump(): Promise<string> }> {
  const redis = new Redis(world.system.redis.url);
  const monitor = await redis.monitor();
  monitor.on('monitor', (_: string, words: readonly string[]) => toRedis.push(words.join(' ')));
  return {
    dump: async () => {
      const keys = await redis.keys('*');
      const values = await Promise.all(keys.map(async (key) => `${key} ${await valueOf(redis, key)}`));
      return [...values, ...((await redis.call('ACL', 'LIST')) as string[])].join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      monitor.disconnect();
      redis.disconnect();
    },
  };
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  const read: Readonly<Record<string, () => Promise<unknown>>> = {
    string: () => redis.get(key),
    hash: () => redis.hgetall(key),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.call('ZRANGE', key, '0', '-1'),
    stream: () => redis.xrange(key, '-', '+'),
    none: () => Promise.resolve(null),
  };
  const one = read[type];
  if (one === undefined) throw new Error(`Redis has a ${type}`);
  // Not escaped a second time: values are JSON themselves.
  return flat(await one()).join(' ');
}

function flat(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...flat(inner)]);
}

/** Looks at all processes of the machine again and again. */
function watchProcesses(): { stop(): readonly string[] } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // ended meanwhile
      }
  };
  const timer = setInterval(look, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen];
    },
  };
}

function environmentOfProcess(pid: number | undefined): Readonly<Record<string, string>> {
  const text = readFileSync(`/proc/${pid ?? 0}/environ`, 'utf8');
  return Object.fromEntries(text.split('\0').map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}

/** What `docker inspect`, `docker history` and `docker events` tell; others use this engine too, but have none of these secrets. */
async function inspectAll(): Promise<ReadonlyMap<string, string>> {
  const { docker } = engine;
  const texts = new Map<string, string>();
  const add = async (name: string, inspect: Promise<unknown>): Promise<void> => {
    // Gone meanwhile: it was somebody else's.
    const seen = await inspect.catch(() => null);
    if (seen !== null) texts.set(name, JSON.stringify(seen).replaceAll('\\\\', '\\'));
  };
  const containers = await docker.listContainers({ all: true });
  for (const { Id, Labels } of containers)
    await add(`container ${nameOf(Labels) ?? 'other'} ${Id}`, docker.getContainer(Id).inspect());
  for (const { Id } of await docker.listNetworks())
    await add(`network ${Id}`, docker.getNetwork(Id).inspect());
  for (const { Name } of (await docker.listVolumes()).Volumes)
    await add(`volume ${Name}`, docker.getVolume(Name).inspect());
  for (const { Id } of await docker.listImages({ all: true })) {
    await add(`image ${Id}`, docker.getImage(Id).inspect());
    await add(`history ${Id}`, docker.getImage(Id).history());
  }
  const now = Math.ceil(Date.now() / 1_000);
  const events = await docker.getEvents({ since: now - 300, until: now });
  const parts: Buffer[] = [];
  for await (const part of events) parts.push(Buffer.from(part as Uint8Array));
  texts.set('events', Buffer.concat(parts).toString().replaceAll('\\\\', '\\'));
  return texts;
}

function nameOf(labels: Readonly<Record<string, string>>): string | undefined {
  if (labels[LABELS.worker] === world.system.workerName && labels[LABELS.step] !== undefined)
    return labels[LABELS.step];
  return labels[APP_LABELS.router] === path.join(world.system.dir, 'router') ? 'app' : undefined;
}

/** `docker save` of what the build has built, its layers as they are: they are not packed in there. */
async function savedImages(): Promise<Buffer> {
  const names = (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  const [lease = ''] =
    (await readFile(path.join(world.system.dir, 'worker.log'), 'utf8')).match(/\blea_\w+/) ?? [];
  const own = names.filter((name) => name.startsWith(`slipway-build/${lease}:`));
  const parts: Buffer[] = [];
  for (const name of own)
    for await (const part of await engine.docker.getImage(name).get()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/** Waits until the notifications were tried, in vain. */
async function told(project: string): Promise<void> {
  await waitFor('the notifications were tried', async () => {
    const target = `/projects/${project}/notifications`;
    const { items } = await world.system.api<Page<NotificationTargetView>>('GET', target);
    return items.length === 2 && items.every(({ last }) => last !== null && last.result !== null);
  });
}

/** What every route that reads answers an admin, by express's own list of them. */
async function allAnswers(): Promise<ReadonlyMap<string, string>> {
  const { system } = world;
  const environment = await environmentOf(system, build.projectId, 'production');
  const [delivery] = (await system.api<Page<DeliveryView>>('GET', '/deliveries')).items;
  const parameters: Readonly<Record<string, string>> = {
    ':project': build.projectId,
    ':build': build.id,
    ':delivery': delivery?.id ?? '',
    ':environment': environment.id,
    ':log': attemptOf(build, 'work')?.logId ?? '',
    ':artifact': build.artifacts?.[0]?.id ?? '',
  };
  const [test] = (await system.api<BuildTestsView>('GET', `/builds/${build.id}/tests`)).items;
  expect(test).toMatchObject({
    name: 't',
    status: 'failed',
    message: expect.stringContaining('****') as string,
  });
  const queries: Readonly<Record<string, string>> = {
    '/api/v1/stream': `?build=${build.id}&environment=${environment.id}`,
    '/api/v1/projects/:project/tests': `?test=${test?.key}`,
    '/api/v1/logs/:log/search': '?text=e',
  };
  const server = await startTestServer({ intake: false });
  const routes = routesOf(createApp(server.deps));
  await server.close();
  const texts = new Map<string, string>();
  for (const { path: route } of routes.filter(isRead)) {
    const target = route.replace(/:\w+/g, (name) => {
      const value = parameters[name];
      if (value === undefined) throw new Error(`no value for ${name} of ${route}`);
      return value;
    });
    const { status, text } = await read(`${target}${queries[route] ?? ''}`);
    expect([route, status]).toEqual([route, 200]);
    texts.set(route, text.replaceAll('\\\\', '\\'));
  }
  return texts;
}

/** A worker's routes are the way on which a lease gets its secrets. */
function isRead({ method, path: route }: { readonly method: string; readonly path: string }): boolean {
  return method === 'GET' && !route.startsWith('/worker/');
}

/** An answer, or the first second of one without an end. */
async function read(target: string): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${world.system.adminToken}` };
  const ending = new AbortController();
  const response = await fetch(world.system.url + target, { headers, signal: ending.signal });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const timer = isStream ? setTimeout(() => ending.abort(), 1_000) : undefined;
  let text = '';
  try {
    for await (const part of response.body ?? []) text += Buffer.from(part as Uint8Array).toString();
  } catch {
    // ended from here
  }
  clearTimeout(timer);
  return { status: response.status, text };
}
