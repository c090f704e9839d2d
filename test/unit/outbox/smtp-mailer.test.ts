import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSmtpMailer, type SmtpSettings } from '../../../src/outbox/smtp-mailer.ts';
import { startSmtpServer, type TestSmtpServer } from '../../support/smtp-server.ts';

let folder: string;
let own: { key: string; cert: string };
let server: TestSmtpServer | null = null;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-smtp-'));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const made = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  await promisify(execFile)('openssl', ['req', '-x509', ...made, ...subject]);
  own = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
});
afterEach(async () => {
  await server?.close();
  server = null;
});
afterAll(() => rm(folder, { recursive: true }));

const MAIL = {
  to: 'ada@example.com',
  subject: '[shop/web] Build #12 of main failed – ü',
  text: 'why\n\nhttps://ci.test/builds/bld_1\n',
  id: 'abc123',
};
const mailer = (
  port: number,
  settings: Partial<SmtpSettings> = {},
  signal = new AbortController().signal,
) => {
  const made = createSmtpMailer({
    host: 'localhost',
    port,
    tls: 'starttls',
    login: null,
    from: 'Slipway <ci@example.com>',
    ca: own.cert,
    ...settings,
  });
  return { send: (mail: typeof MAIL) => made.send(mail, signal) };
};
const login = { user: 'slipway', password: 'its password' };
const auth = {
  authOptional: false,
  onAuth: (
    { username, password }: { username?: string | null | undefined; password?: string | null | undefined },
    _session: unknown,
    done: (error: Error | null, response?: { user: string }) => void,
  ): void =>
    username === login.user && password === login.password
      ? done(null, { user: username })
      : done(new Error('no')),
};

describe('a mail', () => {
  it('arrives encrypted by STARTTLS, with a login, under an id of its own', async () => {
    server = await startSmtpServer({ ...own, ...auth });
    expect(await mailer(server.port, { login }).send(MAIL)).toMatchObject({ state: 'done' });
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'ci@example.com',
      to: ['ada@example.com'],
      encrypted: true,
      user: 'slipway',
    });
    expect(mail?.text).toMatch(/^Message-ID: <abc123@example\.com>\r$/m);
    expect(mail?.text).toMatch(/^From: Slipway <ci@example\.com>\r$/m);
    expect(mail?.text).toMatch(/^To: ada@example\.com\r$/m);
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail?.text).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(mail?.text).toContain('https://ci.test/builds/bld_1');
  });

  it('arrives encrypted from the first byte', async () => {
    server = await startSmtpServer({ ...own, secure: true });
    expect(await mailer(server.port, { tls: 'tls' }).send(MAIL)).toMatchObject({ state: 'done' });
    expect(server.mails[0]?.encrypted).toBe(true);
  });

  it('arrives in the clear where the operator says so', async () => {
    server = await startSmtpServer({ ...own });
    expect(await mailer(server.port, { tls: 'none' }).send(MAIL)).toMatchObject({ state: 'done' });
    expect(server.mails[0]?.encrypted).toBe(false);
  });

  it('is not sent where the server offers no encryption, and no login is told it', async () => {
    const told: unknown[] = [];
    server = await startSmtpServer({
      ...own,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (given, _session, done) => {
        told.push(given);
        done(null, { user: 'x' });
      },
    });
    expect((await mailer(server.port, { login }).send(MAIL)).state).not.toBe('done');
    expect(server.mails).toEqual([]);
    expect(told).toEqual([]);
  });

  it('is not sent to a server whose certificate is not trusted', async () => {
    server = await startSmtpServer({ ...own, ...auth });
    expect((await mailer(server.port, { login, ca: null }).send(MAIL)).state).toBe('retry');
    expect(server.mails).toEqual([]);
  });

  it('that is refused for good is not tried again, one that is put off is', async () => {
    server = await startSmtpServer({ ...own }, (address) => (address.startsWith('gone') ? 550 : 451));
    const { port } = server;
    expect(await mailer(port).send({ ...MAIL, to: 'gone@example.com' })).toMatchObject({ state: 'failed' });
    expect(await mailer(port).send({ ...MAIL, to: 'later@example.com' })).toMatchObject({ state: 'retry' });
  });

  it('with a wrong login is not tried again, and its password is not told', async () => {
    server = await startSmtpServer({ ...own, ...auth });
    const outcome = await mailer(server.port, { login: { ...login, password: 'another one' } }).send(MAIL);
    expect(outcome.state).toBe('failed');
    expect(JSON.stringify(outcome)).not.toContain('another one');
  });

  it('is tried again where no server answers', async () => {
    server = await startSmtpServer({ ...own });
    const { port } = server;
    await server.close();
    server = null;
    expect(await mailer(port).send(MAIL)).toMatchObject({ state: 'retry' });
  });

  it('is broken off at once when the outbox ends, also where the mail server says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const came = once(silent, 'connection') as Promise<[Socket]>;
    const ending = new AbortController();
    const startedAt = Date.now();
    const sending = mailer(port, { host: '127.0.0.1' }, ending.signal).send(MAIL);
    const [socket] = await came;
    const closed = once(socket.resume(), 'close');
    ending.abort();
    expect(await sending).toMatchObject({ state: 'retry' });
    await closed;
    expect(await mailer(port, { host: '127.0.0.1' }, ending.signal).send(MAIL)).toMatchObject({
      state: 'retry',
    });
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    await new Promise((resolve) => silent.close(resolve));
  });
});
