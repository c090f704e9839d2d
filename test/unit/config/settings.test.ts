import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { REQUIRED } from '../../../config/setting.ts';
import type { Setting } from '../../../config/setting.ts';
import { SETTINGS } from '../../../config/settings-table.ts';
import { readPartsSettings, readServerSettings, readWorkerSettings } from '../../../config/settings.ts';
import { Problem } from '../../../src/core/problem.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'slipway-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const SERVER = { SLIPWAY_URL: 'https://ci.example.com/', REDIS_URL: 'redis://127.0.0.1:6379' };
const WORKER = {
  SLIPWAY_SERVER_URL: 'http://127.0.0.1:8000',
  SLIPWAY_WORKER_TOKEN: 'slipway_worker_0123456789',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

const problemOf = (read: () => unknown): Problem => {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem was thrown');
};

describe('settings of the server', () => {
  test('need an address and Redis, and nothing else', () => {
    const settings = readServerSettings(SERVER);
    expect(settings).toMatchObject({
      url: 'https://ci.example.com',
      listen: { host: '127.0.0.1', port: 8000 },
      databaseUrl: null,
      registry: null,
      webhookSecrets: [],
    });
  });

  test('are frozen through and through', () => {
    const settings = readServerSettings({ ...SERVER, SLIPWAY_REGISTRY: '127.0.0.1:5000' });
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.listen)).toBe(true);
    expect(Object.isFrozen(settings.registry)).toBe(true);
  });

  test('name every wrong value at once, with what was seen and what to write', () => {
    const problem = problemOf(() =>
      readServerSettings({
        SLIPWAY_URL: 'ci.example.com',
        SLIPWAY_LISTEN: '8000',
        SLIPWAY_LOG_LEVEL: 'loud',
        SLIPWAY_REGISTRY: 'http://127.0.0.1:5000',
        SLIPWAY_ROUTER_BACKENDS: 'many',
      }),
    );
    expect(problem.code).toBe('settings_wrong');
    expect(problem.message).toBe(
      [
        '6 settings are wrong:',
        '  SLIPWAY_LOG_LEVEL: "loud" is not one of trace, debug, info, warn, error, fatal; write e.g. info',
        '  SLIPWAY_URL: "ci.example.com" is not an http:// or https:// address; write e.g. https://ci.example.com',
        '  SLIPWAY_LISTEN: "8000" is not host:port; write e.g. 127.0.0.1:8000',
        '  REDIS_URL: is missing; write it, or the path of a file in REDIS_URL_FILE',
        '  SLIPWAY_REGISTRY: "http://127.0.0.1:5000" is not host or host:port, without scheme or path; write e.g. registry.example.com:5000',
        '  SLIPWAY_ROUTER_BACKENDS: "many" is not a whole number from 1 to 4096; write e.g. 256',
      ].join('\n'),
    );
  });

  test('ask for an https:// address beside a certificate, whose key may be in the same file', () => {
    const tls = { SLIPWAY_TLS_CERT: '/etc/tls.pem' };
    expect(readServerSettings({ ...SERVER, ...tls }).tls).toEqual({
      certificate: '/etc/tls.pem',
      key: '/etc/tls.pem',
    });
    expect(
      problemOf(() => readServerSettings({ ...SERVER, ...tls, SLIPWAY_URL: 'http://ci' })).message,
    ).toContain('SLIPWAY_URL: "http://ci" is no https:// address, which SLIPWAY_TLS_CERT asks for');
    expect(problemOf(() => readPartsSettings(tls)).message).toContain(
      'SLIPWAY_URL: nothing is no https:// address',
    );
    const key = { SLIPWAY_TLS_KEY: '/etc/key.pem' };
    expect(problemOf(() => readServerSettings({ ...SERVER, ...key })).message).toContain(
      'SLIPWAY_TLS_CERT: is missing beside SLIPWAY_TLS_KEY',
    );
  });

  test('never show a secret that is wrong', () => {
    const problem = problemOf(() => readServerSettings({ ...SERVER, SLIPWAY_WEBHOOK_SECRETS: 'hunter2' }));
    expect(problem.message).not.toContain('hunter2');
    expect(problem.message).toContain('has a secret of fewer than 8 characters');
  });

  test('trust no proxy unless it is told how many stand in front, or which', () => {
    const proxies = (value: string) =>
      readServerSettings({ ...SERVER, SLIPWAY_TRUSTED_PROXIES: value }).trustedProxies;
    expect(readServerSettings(SERVER).trustedProxies).toBe(0);
    expect(proxies('2')).toBe(2);
    expect(proxies('127.0.0.1, 10.0.0.0/8,fd00::/8')).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  });

  test.each(['all', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', ',', '-1', 'fe80::1%eth0'])(
    'refuse %j as trusted proxies',
    (value) => {
      const { message } = problemOf(() => readServerSettings({ ...SERVER, SLIPWAY_TRUSTED_PROXIES: value }));
      expect(message).toContain(`SLIPWAY_TRUSTED_PROXIES: ${JSON.stringify(value)} is neither a number`);
    },
  );

  test('keep the past within wide bounds unless others are set, and without bounds for 0', () => {
    expect(readServerSettings(SERVER)).toMatchObject({
      retention: {
        buildsMs: 365 * 86_400_000,
        buildsPerProject: 10_000,
        logBytes: 50 * 1024 ** 3,
        artifactBytes: 50 * 1024 ** 3,
      },
      diskLow: { bytes: 2 * 1024 ** 3 },
    });
    const none = {
      SLIPWAY_KEEP_BUILDS_DAYS: '0',
      SLIPWAY_KEEP_BUILDS: '0',
      SLIPWAY_KEEP_LOGS_BYTES: '0',
      SLIPWAY_KEEP_ARTIFACTS_BYTES: '0',
      SLIPWAY_DISK_LOW: '0%',
    };
    expect(readServerSettings({ ...SERVER, ...none })).toMatchObject({
      retention: { buildsMs: null, buildsPerProject: null, logBytes: null, artifactBytes: null },
      diskLow: { percent: 0 },
    });
  });

  test.each([
    ['1048576', 1024 ** 2],
    ['64K', 64 * 1024],
    ['500MiB', 500 * 1024 ** 2],
    ['2 gib', 2 * 1024 ** 3],
    ['1T', 1024 ** 4],
  ])('read %j as a size', (value, bytes) => {
    const { retention, diskLow } = readServerSettings({
      ...SERVER,
      SLIPWAY_KEEP_LOGS_BYTES: value,
      SLIPWAY_DISK_LOW: value,
    });
    expect(retention.logBytes).toBe(bytes);
    expect(diskLow).toEqual({ bytes });
  });

  test.each(['50GB', '-1', 'much', '1.5G', 'G', '9999999T', '100%', '5%%'])(
    'refuse %j as a size',
    (value) => {
      const { message } = problemOf(() =>
        readServerSettings({ ...SERVER, SLIPWAY_KEEP_LOGS_BYTES: value, SLIPWAY_DISK_LOW: value }),
      );
      expect(message).toContain(
        `SLIPWAY_KEEP_LOGS_BYTES: ${JSON.stringify(value)} is not a size such as 50GiB`,
      );
      expect(message).toContain(`SLIPWAY_DISK_LOW: ${JSON.stringify(value)} is neither a size such as 2GiB`);
    },
  );

  test('take secrets from files, one a line or separated by commas', () => {
    const secrets = file('secrets', 'first-secret, second-secret\nthird-secret\n');
    const settings = readServerSettings({ ...SERVER, SLIPWAY_WEBHOOK_SECRETS_FILE: secrets });
    expect(settings.webhookSecrets).toEqual(['first-secret', 'second-secret', 'third-secret']);
  });

  test('refuse a secret given twice, and a secret file that is empty or not there', () => {
    const both = {
      ...SERVER,
      SLIPWAY_WEBHOOK_SECRETS: 'in-the-open',
      SLIPWAY_WEBHOOK_SECRETS_FILE: file('s', 'x'.repeat(9)),
    };
    expect(problemOf(() => readServerSettings(both)).message).toContain('keep one');
    const empty = { ...SERVER, SLIPWAY_WEBHOOK_SECRETS_FILE: file('empty', '\n') };
    expect(problemOf(() => readServerSettings(empty)).message).toContain('is empty');
    const gone = { ...SERVER, SLIPWAY_WEBHOOK_SECRETS_FILE: path.join(folder, 'gone') };
    expect(problemOf(() => readServerSettings(gone)).message).toContain('cannot be read');
  });

  test.each([
    ['that is not there', path.join(folder, 'no-token'), /cannot be read \(ENOENT/],
    ['that is a folder', folder, /cannot be read \(EISDIR/],
    ['that is empty', file('empty-token', ''), /is empty/],
  ])('tell of a secret file %s once, and nothing else of its setting', (_, at, cause) => {
    const worker = { ...WORKER, SLIPWAY_WORKER_TOKEN: '' };
    for (const { message, details } of [
      problemOf(() => readWorkerSettings({ ...worker, SLIPWAY_WORKER_TOKEN_FILE: at })),
      problemOf(() => readServerSettings({ ...SERVER, SLIPWAY_WEBHOOK_SECRETS_FILE: at })),
    ]) {
      expect(details['count']).toBe('One setting is');
      expect(message).toMatch(cause);
    }
  });

  test('ask GitHub itself without an App, unless another address or an App is named', () => {
    expect(readServerSettings(SERVER).github).toEqual({ api: 'https://api.github.com', app: null });
    const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----';
    const app = { SLIPWAY_GITHUB_APP_ID: '7', SLIPWAY_GITHUB_API: 'https://github.example/api/v3/' };
    const wanted = { api: 'https://github.example/api/v3', app: { id: '7', key: pem } };
    const named = { ...SERVER, ...app, SLIPWAY_GITHUB_APP_KEY_FILE: file('app.pem', `${pem}\n`) };
    expect(readServerSettings(named).github).toEqual(wanted);
    const inOneLine = { ...SERVER, ...app, SLIPWAY_GITHUB_APP_KEY: pem.replaceAll('\n', '\\n') };
    expect(readServerSettings(inOneLine).github).toEqual(wanted);
  });

  test('refuse a GitHub App without its key, a key without its App, and what is no key, without showing it', () => {
    const wrong = (more: Record<string, string>) =>
      problemOf(() => readServerSettings({ ...SERVER, ...more })).message;
    expect(wrong({ SLIPWAY_GITHUB_APP_ID: '7' })).toContain('SLIPWAY_GITHUB_APP_KEY: is missing beside');
    const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----';
    expect(wrong({ SLIPWAY_GITHUB_APP_KEY: pem })).toContain('SLIPWAY_GITHUB_APP_ID: is missing beside');
    const broken = wrong({ SLIPWAY_GITHUB_APP_ID: '7', SLIPWAY_GITHUB_APP_KEY: 'hunter22' });
    expect(broken).toContain('its value is not a private key in PEM');
    expect(broken).not.toContain('hunter22');
  });

  test('come from the file of SLIPWAY_CONFIG where the environment is silent', () => {
    const config = file(
      'config.env',
      '# ours\nSLIPWAY_URL="https://from.file"\r\nSLIPWAY_LISTEN=0.0.0.0:80\n',
    );
    const settings = readServerSettings({
      SLIPWAY_CONFIG: config,
      REDIS_URL: 'redis://127.0.0.1',
      SLIPWAY_LISTEN: '127.0.0.1:81',
    });
    expect(settings.url).toBe('https://from.file');
    expect(settings.listen.port).toBe(81);
  });

  test('refuse a line of that file that is none, and a name that is no setting', () => {
    const config = file('bad.env', 'SLIPWAY_URL https://x\nSLIPWAY_LISTN=0.0.0.0:80\n');
    const { message } = problemOf(() => readServerSettings({ ...SERVER, SLIPWAY_CONFIG: config }));
    expect(message).toContain('bad.env:1: is not NAME=VALUE');
    expect(message).toContain('did you mean SLIPWAY_LISTEN?');
  });

  test('refuse a misspelt variable, and leave those of others alone', () => {
    const environment = { ...SERVER, SLIPWAY_CANDIDATE_URL: 'http://x', PATH: '/bin' };
    expect(() => readServerSettings(environment)).not.toThrow();
    const { message } = problemOf(() => readServerSettings({ ...environment, SLIPWAY_REGISTY: 'x' }));
    expect(message).toContain('SLIPWAY_REGISTY: is no setting; did you mean SLIPWAY_REGISTRY?');
  });
});

describe('settings of a worker', () => {
  test('have no router unless one is named', () => {
    expect(readWorkerSettings(WORKER).router).toBeNull();
    const { router } = readWorkerSettings({
      ...WORKER,
      SLIPWAY_ROUTER_NAME: 'local',
      SLIPWAY_DATA: '/srv/slipway',
    });
    expect(router).toEqual({
      name: 'local',
      bind: { host: '127.0.0.1', port: 8080 },
      tls: null,
      backends: 256,
      dir: '/srv/slipway/router',
    });
  });

  test('have a router over TLS only with a folder of certificates', () => {
    const bind = { ...WORKER, SLIPWAY_ROUTER_NAME: 'local', SLIPWAY_ROUTER_TLS_BIND: '0.0.0.0:443' };
    expect(problemOf(() => readWorkerSettings(bind)).message).toContain(
      'SLIPWAY_ROUTER_CERTS: is missing beside SLIPWAY_ROUTER_TLS_BIND',
    );
    const { router } = readWorkerSettings({
      ...bind,
      SLIPWAY_ROUTER_CERTS: '/etc/certs',
      SLIPWAY_ROUTER_REDIRECT: '0',
    });
    expect(router?.tls).toEqual({
      bind: { host: '0.0.0.0', port: 443 },
      certificates: '/etc/certs',
      redirect: false,
    });
  });

  test("refuse a router's folder that leaves no room for HAProxy's socket, named or by default", () => {
    const folder = (bytes: number) => `/srv/${'x'.repeat(bytes - '/srv/'.length)}`;
    const withRouter = { ...WORKER, SLIPWAY_ROUTER_NAME: 'local' };
    const named = (bytes: number) =>
      readWorkerSettings({ ...withRouter, SLIPWAY_ROUTER_DIR: folder(bytes) }).router?.dir;
    expect(named(84)).toBe(folder(84));
    expect(problemOf(() => named(85)).message).toContain(
      `SLIPWAY_ROUTER_DIR: ${folder(85)} is longer than the 84 bytes that leave room for a socket in it`,
    );
    const long = { SLIPWAY_DATA: folder(80) };
    expect(problemOf(() => readWorkerSettings({ ...withRouter, ...long })).message).toContain(
      `SLIPWAY_ROUTER_DIR: ${folder(80)}/router is longer`,
    );
    expect(problemOf(() => readPartsSettings(long)).message).toContain('SLIPWAY_ROUTER_DIR');
    expect(readWorkerSettings({ ...WORKER, ...long }).router).toBeNull();
  });

  test('refuse ranges that overlap, are public, too small or off their boundary', () => {
    const range = (name: string, value: string) =>
      problemOf(() => readWorkerSettings({ ...WORKER, [name]: value })).message;
    expect(range('SLIPWAY_APP_NETWORK', '10.213.7.0/24')).toContain('overlaps SLIPWAY_BUILD_NETWORKS');
    expect(range('SLIPWAY_BUILD_NETWORKS', '8.8.0.0/16')).toContain('is not a private IPv4 range');
    expect(range('SLIPWAY_BUILD_NETWORKS', '10.0.0.0/27')).toContain('at least 64 addresses');
    expect(range('SLIPWAY_BUILD_NETWORKS', '10.0.1.0/16')).toContain('is not a private IPv4 range');
  });
});

test('the set-up needs nothing named and may then start everything itself', () => {
  expect(readPartsSettings({})).toMatchObject({
    url: null,
    databaseUrl: null,
    redisUrl: null,
    registry: null,
    dockerHost: null,
    mayInstall: true,
    helper: null,
    images: {
      redis: 'redis:7-alpine',
      registry: 'registry:2',
      haproxy: 'haproxy:2.8-alpine',
      busybox: 'busybox:1-musl',
    },
  });
  expect(readPartsSettings({ SLIPWAY_INSTALL: '0' }).mayInstall).toBe(false);
});

test('the image of a part may lie on a mirror, and is never taken for an option', () => {
  const image = (value: string) => () => readPartsSettings({ SLIPWAY_REDIS_IMAGE: value }).images.redis;
  const pinned = `mirror.example.com:5000/library/redis:7@sha256:${'0'.repeat(64)}`;
  expect(image(pinned)()).toBe(pinned);
  for (const wrong of ['--privileged', 'redis 7', 'redis;7', 'https://mirror.example.com/redis'])
    expect(problemOf(image(wrong)).message).toContain('is not the name of an image');
});

test('PostgreSQL may listen on a socket alone', () => {
  const read = (value: string) => readServerSettings({ ...SERVER, DATABASE_URL: value }).databaseUrl;
  for (const right of [
    'postgres://slipway@/slipway?host=/run/postgresql',
    'postgresql://slipway:p%40ss@/slipway?host=%2Frun%2Fpostgresql&port=5433',
    'postgres:///slipway?host=/run/postgresql',
  ])
    expect(read(right)).toBe(right);
  for (const wrong of ['mysql://slipway@/slipway', 'postgres//slipway', 'postgres://a b@:x/y'])
    expect(problemOf(() => read(wrong)).message).toContain('DATABASE_URL');
});

test('a number that is none, negative, huge or has a unit that is not known is refused, and never read as another one', () => {
  const numbers = ['NaN', '-1', '1e9', '0x10', '1.5', '٣', 'Infinity', '99999999999999999999'];
  const names = Object.values<Setting>(SETTINGS)
    .filter(({ schema, secret }) => !secret && schema.safeParse('1').data === 1)
    .map(({ name }) => name);
  expect(names.length).toBeGreaterThan(12);
  for (const { name, schema } of Object.values<Setting>(SETTINGS).filter(({ name }) => names.includes(name)))
    for (const text of numbers) expect(schema.safeParse(text).success, `${name}=${text}`).toBe(false);
});

test('no secret has a default', () => {
  for (const setting of Object.values<Setting>(SETTINGS).filter(({ secret }) => secret))
    expect([REQUIRED, null, []], setting.name).toContainEqual(setting.fallback);
});

describe('traces', () => {
  const read = (environment: Record<string, string>) =>
    readServerSettings({ ...SERVER, ...environment }).traces;
  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/' };

  test('are not sent unless an address is given, whatever else is', () => {
    expect(read({})).toBeNull();
    expect(read({ OTEL_SERVICE_NAME: 'ci', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' })).toBeNull();
  });

  test('go below the common address, or to that of traces as it is', () => {
    const none = { protocol: 'http/json', headers: {}, resource: { 'service.name': 'slipway' } };
    expect(read(ENDPOINT)).toEqual({ url: 'http://127.0.0.1:4318/v1/traces', ...none });
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a.test/otlp?tenant=1' })?.url).toBe(
      'https://a.test/otlp/v1/traces?tenant=1',
    );
    const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://a.test/in/' };
    expect(read({ ...ENDPOINT, ...own })?.url).toBe('https://a.test/in/');
  });

  test('are sent in the form that is asked for, of traces alone before that of all', () => {
    const all = { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };
    expect(read(all)?.protocol).toBe('http/protobuf');
    const own = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' };
    expect(read({ ...all, ...own })?.protocol).toBe('http/json');
    expect(read({ ...ENDPOINT, ...own, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })?.protocol).toBe('http/json');
  });

  test.each(['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'])(
    'are refused at the start where %s asks for a form that is not spoken',
    (name) => {
      for (const value of ['grpc', 'http/xml', 'HTTP/JSON']) {
        const problem = problemOf(() => read({ ...ENDPOINT, [name]: value }));
        expect(problem.code).toBe('settings_wrong');
        expect(problem.message).toContain(`${name}: "${value}" is not one of http/json, http/protobuf`);
      }
    },
  );

  test('have headers and resource as OpenTelemetry writes them; a name of its own wins', () => {
    const environment = {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc==, x-tenant = shop ,',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,host.name=build-01',
    };
    expect(read(environment)).toMatchObject({
      headers: { authorization: 'Bearer abc==', 'x-tenant': 'shop' },
      resource: { 'service.name': 'other', 'host.name': 'build-01' },
    });
    expect(read({ ...environment, OTEL_SERVICE_NAME: 'ci' })?.resource['service.name']).toBe('ci');
  });

  test('refuse a header that no request can have, and take any text for the resource', () => {
    const of = (value: string) => ({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: value });
    for (const wrong of ['x=%E2%82%AC', 'x=a%0Ab', 'x y=a', '=a', 'x', 'x=%ZZ'])
      expect(problemOf(() => read(of(wrong))).message).toContain('is not a list of headers');
    expect(read({ ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES: 'host.name=%E2%82%AC' })?.resource).toMatchObject({
      'host.name': '€',
    });
  });

  test('tell of every wrong value at once, and show neither address nor headers', () => {
    const message = problemOf(() =>
      read({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:private@a.test',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'private',
        OTEL_EXPORTER_OTLP_HEADERS: 'private%0D%0Ax=private%0D%0Ay',
        OTEL_RESOURCE_ATTRIBUTES: 'no pairs',
      }),
    ).message;
    expect(message).toMatch(/^4 settings are wrong:/);
    expect(message).not.toContain('private');
  });
});
