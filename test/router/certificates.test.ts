import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureRouter, routerPid, stopRouter } from '../../src/parts/router.ts';
import { keepCertificates } from '../../worker/deploy/keep-certificates.ts';
import { openRouter, type Router } from '../../worker/router/open-router.ts';
import { prepareRouterFiles } from '../../worker/router/prepare-files.ts';
import { makeAuthority, type IssuedCertificate, type TestAuthority } from '../support/certificates.ts';
import { waitFor } from '../support/wait.ts';
import { environmentOf, freePort } from './support/router-under-test.ts';

let authority: TestAuthority;
let dir: string;
let folder: string;
let router: Router;
let app: http.Server;
const ports = { http: 0, https: 0, app: 0 };
const shop = () => authority.issue(['shop.test', 'www.shop.test']);

beforeAll(async () => {
  authority = await makeAuthority();
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-router-'));
  folder = path.join(dir, 'operator');
  [ports.http, ports.https, ports.app] = [await freePort(), await freePort(), await freePort()];
  app = http.createServer((request, response) => {
    response.setHeader('x-forwarded-proto', String(request.headers['x-forwarded-proto']));
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => app.listen(ports.app, '127.0.0.21', resolve));
  await mkdir(folder);
  await put('shop.pem', await shop());
  await start();
  router = openRouter(dir);
  await router.put(environmentOf(1, ['live', 'empty', 'empty'], ports.app));
});
afterAll(async () => {
  await stopRouter(dir);
  await new Promise((resolve) => app.close(resolve));
  await rm(dir, { recursive: true, force: true });
  await authority.remove();
});
beforeEach(async () => {
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await put('shop.pem', await shop());
  await router.certificates(folder);
});

it('answers each host with its own certificate, and any other with the default one', async () => {
  const [other, certbots] = [await authority.issue(['other.test']), await authority.issue(['*.wild.test'])];
  await put('other.crt', { chain: other.chain, key: '' });
  await put('other.key', { chain: '', key: other.key });
  await mkdir(path.join(folder, 'wild.test'));
  await put('wild.test/fullchain.pem', { chain: certbots.chain, key: '' });
  await put('wild.test/privkey.pem', { chain: '', key: certbots.key });
  await put('default.pem', await authority.issue(['nobody.test']));
  await router.certificates(folder);

  expect(await namesFor('shop.test')).toContain('www.shop.test');
  expect(await namesFor('other.test')).toBe('DNS:other.test');
  expect(await namesFor('a.wild.test')).toBe('DNS:*.wild.test');
  expect(await namesFor('unknown.test')).toBe('DNS:nobody.test');
});

it('tells the app that TLS was used, whatever the client claims, over HTTP/1.1 and HTTP/2', async () => {
  const headers = { 'x-forwarded-proto': 'http' };
  expect(await ask('GET', '/one', { headers })).toEqual({ status: 200, proto: 'https', body: 'GET /one' });
  expect(await askHttp2('/two')).toEqual({ status: 200, proto: 'https', body: 'GET /two' });
});

it('refuses clients that know no TLS 1.2', async () => {
  const old = { ...tlsOptions('shop.test'), minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
  await expect(connect({ ...old, ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow();
});

it('sends who comes without TLS to the same address with it', async () => {
  const options = { port: ports.http, path: '/a/b?c=d', method: 'POST', headers: { host: 'shop.test:80' } };
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http
      .request({ host: '127.0.0.1', ...options }, resolve)
      .on('error', reject)
      .end('x');
  });
  answer.resume();
  expect(answer.statusCode).toBe(308);
  expect(answer.headers.location).toBe(`https://shop.test:${ports.https}/a/b?c=d`);
});

it('renews a certificate without losing a request or a connection', async () => {
  const before = await fingerprintFor('shop.test');
  const pid = await routerPid(dir);
  const kept = new https.Agent({ keepAlive: true, maxSockets: 1 });
  let asked = 0;
  const bad: unknown[] = [];
  let running = true;
  const client = async (agent: https.Agent | false): Promise<void> => {
    while (running) {
      asked += 1;
      const answer = await ask('POST', '/load', { agent }).catch((error: unknown) => error);
      if ((answer as { status?: number }).status !== 200) bad.push(answer);
    }
  };
  const clients = [kept, false, false, false].map((agent) => client(agent as https.Agent | false));
  const seen = new Set([before]);
  for (let round = 1; round <= 3; round += 1) {
    const renewed = await shop();
    await put('shop.pem', renewed);
    expect((await router.certificates(folder)).did).toHaveLength(2);
    expect(await fingerprintFor('shop.test')).toBe(new X509Certificate(renewed.chain).fingerprint256);
    seen.add(await fingerprintFor('shop.test'));
    const until = asked + 10;
    await waitFor('more requests under the new certificate', () => asked > until);
  }
  running = false;
  await Promise.all(clients);
  kept.destroy();

  expect(bad).toEqual([]);
  expect(seen.size).toBe(4);
  expect(await routerPid(dir)).toBe(pid);
});

it('keeps what it has of a certificate whose file went bad, also over a restart, and takes the others', async () => {
  const before = await fingerprintFor('shop.test');
  await put('shop.pem', { chain: (await shop()).chain, key: (await shop()).key });
  await put('other.pem', await authority.issue(['other.test']));
  await put('readme.pem', { chain: 'no certificate\n', key: '' });
  const { refused } = await router.certificates(folder);

  expect([...refused.keys()]).toEqual(['readme', 'shop']);
  expect(refused.get('shop')?.message).toContain('shop.pem');
  expect(refused.get('shop')?.message).toContain('the private key belongs to another certificate');
  expect(await fingerprintFor('shop.test')).toBe(before);
  expect(await namesFor('other.test')).toBe('DNS:other.test');

  await stopRouter(dir);
  await start();
  expect(await fingerprintFor('shop.test')).toBe(before);
  expect(await namesFor('other.test')).toBe('DNS:other.test');
});

it('starts with what it has while the folder is away or empty, and says so', async () => {
  const before = await fingerprintFor('shop.test');
  await rm(path.join(folder, 'shop.pem'));
  expect((await prepareRouterFiles(settings()))?.message).toContain('there is none in');
  await rm(folder, { recursive: true });
  const away = await prepareRouterFiles(settings());
  await mkdir(folder);
  expect(away?.message).toContain('cannot be read');
  await stopRouter(dir);
  await start();
  expect(await fingerprintFor('shop.test')).toBe(before);
});

it('forgets a certificate that was removed, and says nothing when nothing changed', async () => {
  await put('default.pem', await authority.issue(['nobody.test']));
  await router.certificates(folder);
  expect((await router.certificates(folder)).did).toEqual([]);
  await rm(path.join(folder, 'shop.pem'));
  expect((await router.certificates(folder)).did).toEqual([
    expect.stringMatching(/^removed .*host-shop\.pem$/),
  ]);
  expect(await namesFor('shop.test')).toBe('DNS:nobody.test');
});

it('takes the same certificate with an authority that its file lacked', async () => {
  const renewed = await shop();
  await put('shop.pem', renewed);
  await router.certificates(folder);
  await put('shop.pem', { chain: `${renewed.chain}${authority.ca}`, key: renewed.key });
  const { did } = await router.certificates(folder);
  expect(did).toEqual([
    expect.stringMatching(/^renewed .*default\.pem$/),
    expect.stringMatching(/^renewed .*host-shop\.pem$/),
  ]);
  expect((await router.certificates(folder)).did).toEqual([]);
  const told = await router.runtime.ask(`show ssl cert ${path.join(dir, 'certificates', 'host-shop.pem')}`);
  expect(told).toContain('Slipway test authority');
});

it('goes on after a worker that was killed while it renewed', async () => {
  const list = path.join(dir, 'certificates');
  const renewed = await shop();
  const pem = `${renewed.chain}${renewed.key}`.trim();
  await router.runtime.tell(`set ssl cert ${list}/default.pem <<\n${pem}\n`, (said) =>
    said.includes('Transaction'),
  );
  await put('shop.pem', renewed);
  await router.certificates(folder);
  expect(await fingerprintFor('shop.test')).toBe(new X509Certificate(renewed.chain).fingerprint256);
});

it('is kept to the folder by its worker, which tells of each bad and each ending certificate once', async () => {
  const [refused, ending]: [string[], string[]] = [[], []];
  await put('bad.pem', { chain: 'nothing\n', key: '' });
  await put('old.pem', await authority.issue(['old.test'], 2));
  const kept = keepCertificates({
    ...{ router, folder, clock: { nowMs: () => Date.now() }, everyMs: 50, onDone: () => undefined },
    onRefused: (error) => refused.push((error as Error).message),
    onEnding: (name) => ending.push(name),
  });
  try {
    await waitFor('the certificate is taken', async () => (await namesFor('old.test')) === 'DNS:old.test');
    await kept.look();
    await put('late.pem', await authority.issue(['late.test'], 90));
    await waitFor('the next one is taken', async () => (await namesFor('late.test')) === 'DNS:late.test');
  } finally {
    await kept.stop();
  }
  expect(refused).toEqual([expect.stringContaining('bad.pem')]);
  expect(ending).toEqual(['old', 'shop']);
});

it('does not start without any certificate, and says where one is looked for', async () => {
  const empty = path.join(dir, 'empty');
  const elsewhere = path.join(dir, 'elsewhere');
  await mkdir(empty);
  await expect(prepareRouterFiles(settings({ dir: elsewhere, folder: empty }))).rejects.toMatchObject({
    code: 'certificates_missing',
    message: expect.stringContaining(`there is none in ${empty}`) as string,
  });
  await expect(
    prepareRouterFiles(settings({ dir: elsewhere, folder: path.join(dir, 'nowhere') })),
  ).rejects.toMatchObject({ code: 'certificates_missing' });
});

function settings(where = { dir, folder }) {
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const tlsSettings = { bind: at(ports.https), certificates: where.folder, redirect: true };
  return { dir: where.dir, bind: at(ports.http), tls: tlsSettings, backends: 8 };
}

async function start(): Promise<void> {
  await ensureRouter({ dir, prepare: async () => void (await prepareRouterFiles(settings())) });
}

/** Never half there: the folder is looked at meanwhile. */
async function put(name: string, { chain, key }: IssuedCertificate): Promise<void> {
  await writeFile(path.join(dir, 'aside'), `${chain}${key}`);
  await rename(path.join(dir, 'aside'), path.join(folder, name));
}

const tlsOptions = (servername: string) => ({
  ...{ host: '127.0.0.1', port: ports.https, servername, ca: authority.ca, rejectUnauthorized: false },
});

function connect(options: tls.ConnectionOptions): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(options, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(certificate);
    });
    socket.on('error', reject);
  });
}

const namesFor = async (host: string) => (await connect(tlsOptions(host))).subjectAltName;
const fingerprintFor = async (host: string) => (await connect(tlsOptions(host))).fingerprint256;

function ask(
  method: string,
  target: string,
  more: { headers?: Record<string, string>; agent?: https.Agent | false } = {},
): Promise<{ status: number | undefined; proto: unknown; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port: ports.https, servername: 'shop.test', ca: authority.ca, method },
      ...{ path: target, agent: more.agent ?? false, headers: { ...more.headers, host: 'shop.test' } },
    };
    const request = https.request(options, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode, proto: answer.headers['x-forwarded-proto'], body }),
      );
    });
    request.on('error', reject).end();
  });
}

function askHttp2(target: string) {
  const session = http2.connect(`https://127.0.0.1:${ports.https}`, {
    ...{ servername: 'shop.test', ca: authority.ca },
  });
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':path': target, ':authority': 'shop.test' });
    let head: http2.IncomingHttpHeaders & { ':status'?: number | undefined } = {};
    let body = '';
    stream.on('response', (headers) => (head = headers));
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status: head[':status'], proto: head['x-forwarded-proto'], body }));
  }).finally(() => session.close());
}
