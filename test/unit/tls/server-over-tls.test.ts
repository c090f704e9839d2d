import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createHttpsServer, useCertificate } from '../../../src/api/http-server.ts';
import type { Certificate } from '../../../src/tls/certificate.ts';
import { readCertificateFiles } from '../../../src/tls/certificate-files.ts';
import { keepCertificate, type CertificateKeeperOptions } from '../../../src/tls/keep-certificate.ts';
import { trustAuthorities, writeAuthorities } from '../../../src/tls/trust-authorities.ts';
import { makeAuthority, type IssuedCertificate, type TestAuthority } from '../../support/certificates.ts';
import { waitFor } from '../../support/wait.ts';

let authority: TestAuthority;
let dir: string;
const at = (name: string): string => path.join(dir, name);
const files = () => ({ certificate: at('cert.pem'), key: at('key.pem') });

beforeAll(async () => {
  authority = await makeAuthority();
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-tls-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
  await authority.remove();
});
beforeEach(async () => put(await authority.issue(['localhost', '127.0.0.1'])));

describe('a certificate in files', () => {
  it('is a chain and its key, in two files or one', async () => {
    const { chain, key } = await authority.issue(['a.test', 'b.test']);
    await writeFile(at('both.pem'), `${key}${chain}${authority.ca}`);
    const read = await readCertificateFiles({ certificate: at('both.pem'), key: at('both.pem') });
    expect(read).toMatchObject({ hosts: ['a.test', 'b.test'], key });
    expect(read.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(read.endsMs).toBeGreaterThan(Date.now());
  });

  it('is refused with the file and the reason: missing, empty, no key, encrypted, of another, in the wrong order', async () => {
    const [one, other] = [await authority.issue(['a.test']), await authority.issue(['b.test'])];
    const refused = async (chain: string, key: string): Promise<string> => {
      await put({ chain, key });
      return readCertificateFiles(files()).then(
        () => 'taken',
        (error: Error) => error.message,
      );
    };
    expect(await refused('', one.key)).toContain('holds no certificate in PEM');
    expect(await refused(one.chain, '')).toContain('no private key in PEM');
    expect(
      await refused(one.chain, one.key.replaceAll('BEGIN PRIVATE', 'BEGIN ENCRYPTED PRIVATE')),
    ).toContain('encrypted');
    expect(await refused(one.chain, other.key)).toContain('belongs to another certificate');
    expect(await refused(one.chain + other.chain, one.key)).toContain('certificate 2 of the chain');
    expect(await refused(one.chain.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'), one.key)).toContain(
      'certificate 1 in it cannot be read',
    );
    await rm(at('cert.pem'));
    const missing = readCertificateFiles(files());
    await expect(missing).rejects.toMatchObject({ code: 'certificate_wrong' });
    await expect(missing).rejects.toThrow(`${at('cert.pem')} cannot be used: it cannot be read (ENOENT`);
  });
});

describe('a server with a certificate', () => {
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const port = await serve(await readCertificateFiles(files()));
    const version = (more: tls.ConnectionOptions) =>
      new Promise<string | null>((resolve, reject) => {
        const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.ca, ...more }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await version({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    expect(await version({})).toBe('TLSv1.3');
    await expect(
      version({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
  });

  it('takes a renewed one for new connections, while a request on an old one goes on', async () => {
    const { server, port, reached, release } = await serveSlowly();
    const renewals: Certificate[] = [];
    const keeper = await keep({
      onRenewed: (certificate) => {
        useCertificate(server, certificate);
        renewals.push(certificate);
      },
    });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const before = await get(port, '/', agent);
    const slow = get(port, '/slow', agent);
    await reached;

    const renewed = await authority.issue(['localhost', '127.0.0.1']);
    await put(renewed);
    await keeper.look();
    expect(renewals).toHaveLength(1);
    expect((await get(port, '/')).fingerprint).toBe(new X509Certificate(renewed.chain).fingerprint256);
    release();
    expect(await slow).toMatchObject({ from: before.from, body: 'slow' });
  });

  it('keeps the one it has while the files are wrong, and tells each reason once', async () => {
    const refused: string[] = [];
    const keeper = await keep({ onRefused: (error) => refused.push((error as Error).message) });
    const before = keeper.current;
    const renewed = await authority.issue(['127.0.0.1']);
    await put({ chain: renewed.chain, key: before.key });
    await keeper.look();
    await keeper.look();
    expect(keeper.current).toBe(before);
    expect(refused).toEqual([expect.stringContaining('belongs to another certificate')]);
    await put(renewed);
    await keeper.look();
    expect(keeper.current.key).toBe(renewed.key);
  });

  it('warns once of one whose end comes near while it serves', async () => {
    let nowMs = Date.now() - 30 * 24 * 3_600_000;
    const ending: number[] = [];
    const keeper = await keep({
      clock: { nowMs: () => nowMs },
      onEnding: ({ endsMs }) => ending.push(endsMs),
    });
    await keeper.look();
    expect(ending).toEqual([]);
    nowMs = Date.now();
    await keeper.look();
    await keeper.look();
    expect(ending).toEqual([keeper.current.endsMs]);
  });

  it('looks by itself, and warns of one that ends soon', async () => {
    const ending: number[] = [];
    const keeper = await keep({ everyMs: 10, onEnding: ({ endsMs }) => ending.push(endsMs) });
    expect(ending).toEqual([keeper.current.endsMs]);
    await put(await authority.issue(['127.0.0.1'], 90));
    await waitFor('the files are read again', () => keeper.current.endsMs > (ending[0] ?? 0));
    expect(ending).toHaveLength(1);
  });
});

describe('authorities that are trusted', () => {
  it('are those of the file beside the usual ones, for fetch too, and in a file for git', async () => {
    const port = await serve(await readCertificateFiles(files()));
    const usual = tls.getCACertificates('default');
    onTestFinished(() => tls.setDefaultCACertificates(usual));
    await expect(fetch(`https://127.0.0.1:${port}/`)).rejects.toThrow();
    trustAuthorities(authority.file);
    expect(await (await fetch(`https://localhost:${port}/`)).text()).toBe('quick');
    // Node writes a certificate anew once it was set: the same one may be other text.
    const trusted = new Set(tls.getCACertificates('default').map(fingerprint));
    expect(usual.map(fingerprint).filter((one) => !trusted.has(one))).toEqual([]);
    expect(await readFile(await writeAuthorities(at('all.pem')), 'utf8')).toContain(authority.ca.trim());
  });

  it('are refused with the file that cannot be used', async () => {
    await writeFile(at('none.pem'), 'nothing\n');
    expect(() => trustAuthorities(at('none.pem'))).toThrow(
      /none\.pem cannot be used: it holds no certificate/,
    );
    expect(() => trustAuthorities(at('absent.pem'))).toThrow(/absent\.pem cannot be used: ENOENT/);
  });
});

function put({ chain, key }: IssuedCertificate): Promise<unknown> {
  return Promise.all([writeFile(at('cert.pem'), chain), writeFile(at('key.pem'), key)]);
}

async function keep(more: Partial<CertificateKeeperOptions>) {
  const nothing = () => undefined;
  const keeper = await keepCertificate({
    ...{ files: files(), clock: { nowMs: () => Date.now() }, everyMs: 3_600_000 },
    ...{ onRenewed: nothing, onRefused: nothing, onEnding: nothing },
    ...more,
  });
  onTestFinished(() => keeper.stop());
  return keeper;
}

async function serve(certificate: Certificate): Promise<number> {
  const app = express();
  app.get('/', (_, response) => void response.send('quick'));
  return (await listening(createHttpsServer(app, certificate))).port;
}

async function serveSlowly() {
  let [reach, release] = [(): void => undefined, (): void => undefined];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const app = express();
  app.get('/', (_, response) => void response.send('quick'));
  app.get('/slow', async (_, response) => {
    reach();
    await released;
    response.send('slow');
  });
  const server = createHttpsServer(app, await readCertificateFiles(files()));
  return { ...(await listening(server)), reached, release: () => release() };
}

async function listening(server: https.Server): Promise<{ server: https.Server; port: number }> {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

function get(port: number, target: string, agent: https.Agent | false = false) {
  return new Promise<{ fingerprint: string; from: number; body: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: target, ca: authority.ca, agent };
    https
      .get(options, (answer) => {
        const { localPort: from = 0 } = answer.socket;
        const fingerprint = (answer.socket as tls.TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? '';
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () => resolve({ fingerprint, from, body }));
      })
      .on('error', reject);
  });
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}
