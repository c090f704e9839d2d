import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../router/support/router-under-test.ts';
import { makeAuthority, type TestAuthority } from '../support/certificates.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { startSlipway } from '../support/slipway-command.ts';
import { waitFor } from '../support/wait.ts';

let authority: TestAuthority;
let dir: string;
let port: number;
let server: ChildProcess;
const at = (name: string): string => path.join(dir, name);
const url = () => `https://localhost:${port}`;
const trust = () => ({ SLIPWAY_CA_BUNDLE: authority.file });

beforeAll(async () => {
  authority = await makeAuthority();
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-tls-'));
  port = await freePort();
  await renew();
  server = start('src/main.ts', serverEnvironment());
  await waitFor('the server is ready', () => says('server', 'the server is ready'), 60_000);
});
afterAll(async () => {
  await end(server);
  await rm(dir, { recursive: true, force: true });
  await authority.remove();
});

it('lets the command line, the doctor and a worker in by the authority that they trust, and no other', async () => {
  const token = (await readFile(at('data/admin-token'), 'utf8')).trim();
  const environment = { SLIPWAY_URL: url(), SLIPWAY_TOKEN: token };
  const refused = await startSlipway(['worker', 'list'], environment).ended;
  expect(refused.status).toBe(1);
  const made = await startSlipway(['worker', 'add', 'over-tls', '--json'], { ...environment, ...trust() })
    .ended;
  expect(made).toMatchObject({ status: 0, stderr: '' });

  const examined = await startSlipway(['doctor', '--json'], { ...serverEnvironment(), SLIPWAY_TOKEN: token })
    .ended;
  const { checks } = JSON.parse(examined.stdout) as { checks: { name: string; says: string }[] };
  expect(checks.find(({ name }) => name === 'server')?.says).toContain(`${url()} answers, version `);

  const worker = start('worker/main.ts', {
    ...trust(),
    SLIPWAY_DATA: at('worker'),
    SLIPWAY_SERVER_URL: url(),
    SLIPWAY_WORKER_NAME: 'over-tls',
    SLIPWAY_WORKER_TOKEN: (JSON.parse(made.stdout) as { token: string }).token,
    REDIS_URL: testParts().redisUrl,
    DOCKER_HOST: testParts().dockerHost,
  });
  try {
    await waitFor('the worker is ready', () => says('worker', 'the worker is ready'), 60_000);
  } finally {
    await end(worker);
  }
});

it('takes a renewed certificate at once on SIGHUP, and outlives a bad one', async () => {
  const renewed = await renew();
  server.kill('SIGHUP');
  const wanted = new X509Certificate(renewed.chain).fingerprint256;
  await waitFor('the new certificate', async () => (await fingerprint()) === wanted);
  await writeFile(at('key.pem'), 'nothing\n');
  server.kill('SIGHUP');
  await waitFor('the reason is in the log', () => says('server', 'no private key in PEM'));
  expect(await fingerprint()).toBe(wanted);
});

it('does not start with files that are missing, or under an address without TLS', async () => {
  const wrong = async (name: string, more: Record<string, string>) => {
    const data = { SLIPWAY_DATA: at(name) };
    const [code] = (await once(
      start('src/main.ts', { ...serverEnvironment(), ...data, ...more }, name),
      'exit',
    )) as [number];
    return { code, said: await readFile(at(`${name}.log`), 'utf8') };
  };
  const missing = await wrong('missing', { SLIPWAY_TLS_CERT: at('absent.pem') });
  expect(missing.code).toBe(1);
  expect(missing.said).toContain(`The certificate ${at('absent.pem')} cannot be used`);
  const plain = await wrong('plain', { SLIPWAY_URL: `http://localhost:${port}` });
  expect(plain.code).toBe(78);
  expect(plain.said).toContain('is no https:// address, which SLIPWAY_TLS_CERT asks for');
});

const serverEnvironment = () => ({
  ...trust(),
  SLIPWAY_DATA: at('data'),
  SLIPWAY_URL: url(),
  SLIPWAY_LISTEN: `127.0.0.1:${port}`,
  SLIPWAY_TLS_CERT: at('cert.pem'),
  SLIPWAY_TLS_KEY: at('key.pem'),
  REDIS_URL: testParts().redisUrl,
});

async function renew() {
  const issued = await authority.issue(['localhost']);
  await Promise.all([writeFile(at('cert.pem'), issued.chain), writeFile(at('key.pem'), issued.key)]);
  return issued;
}

function start(
  file: 'src/main.ts' | 'worker/main.ts',
  env: Record<string, string>,
  name = file === 'src/main.ts' ? 'server' : 'worker',
): ChildProcess {
  const script = path.resolve(import.meta.dirname, '../..', file);
  const command = `exec "$0" "$1" > "$2" 2>&1`;
  return spawn('sh', ['-c', command, process.execPath, script, at(`${name}.log`)], {
    env: { ...nodeEnvironment(), HOME: process.env['HOME'], ...env },
    stdio: 'ignore',
  });
}

async function says(name: string, words: string): Promise<boolean> {
  return (await readFile(at(`${name}.log`), 'utf8')).includes(words);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function fingerprint(): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.ca };
    const socket = tls.connect(options, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
