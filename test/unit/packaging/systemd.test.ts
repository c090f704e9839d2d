import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseEnvFile } from '../../../config/env-file.ts';
import { readServerSettings, readWorkerSettings } from '../../../config/settings.ts';
import { findBinary } from '../../../src/parts/find-binary.ts';

const run = promisify(execFile);
const FOLDER = path.resolve(import.meta.dirname, '../../../packaging/systemd');
const analyze = findBinary(['systemd-analyze']);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-units-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('are units that systemd takes without a complaint, each well bounded', async (context) => {
  if (analyze === null)
    return context.skip('systemd-analyze is not on this machine (apt-get install systemd)');
  const units = (await readdir(FOLDER)).filter((name) => name.endsWith('.service'));
  expect(units).toEqual(['slipway-router.service', 'slipway-server.service', 'slipway-worker.service']);
  for (const name of units) {
    const text = await readFile(path.join(FOLDER, name), 'utf8');
    // What they run is looked for, and here it is elsewhere or not at all.
    const here = text.replaceAll(/(ExecStart(?:Pre)?=)\S+/g, `$1${process.execPath}`);
    await writeFile(path.join(dir, name), here.replace(/^Documentation=.*$/m, ''));
  }
  const files = units.map((name) => path.join(dir, name));
  const { stdout, stderr } = await run(analyze, ['verify', '--man=no', ...files]);
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('slipway'));
  expect(ours).toEqual([]);
  const version = Number(/systemd (\d+)/.exec((await run(analyze, ['--version'])).stdout)?.[1]);
  for (const file of version >= 251 ? files : []) {
    const judged = await run(analyze, ['security', '--offline=true', '--no-pager', '--threshold=30', file]);
    expect(judged.stdout).toContain('Overall exposure level');
  }
});

it('come with settings that server and worker take, once the files that they name are there', async () => {
  const settingsOf = async (name: string): Promise<Record<string, string>> => {
    const { entries, badLines } = parseEnvFile(await readFile(path.join(FOLDER, name), 'utf8'));
    expect(badLines).toEqual([]);
    return Object.fromEntries(await Promise.all(entries.map(present)));
  };
  const server = readServerSettings({
    SLIPWAY_DATA: '/var/lib/slipway',
    ...(await settingsOf('server.env')),
  });
  const worker = readWorkerSettings({
    SLIPWAY_DATA: '/var/lib/slipway-worker',
    SLIPWAY_ROUTER_DIR: '/var/lib/slipway-router',
    ...(await settingsOf('worker.env')),
  });
  expect(server.databaseUrl).toBe(SECRETS['database-url']);
  expect(worker.serverUrl).toBe(server.url);
  expect(Number(new URL(server.url).port)).toBe(server.listen.port);
  expect([worker.router?.name, worker.router?.tls?.bind.port]).toEqual([
    server.router.name,
    server.router.port,
  ]);
});

const SECRETS: Readonly<Record<string, string>> = {
  'database-url': 'postgres://slipway:secret@127.0.0.1/slipway',
  'redis-url': 'redis://:secret@127.0.0.1:6379',
  'webhook-secrets': 'a-long-random-text',
  'worker-token': 'slipway_worker_0123456789',
};

/** With the secret that it names in a file of the test's. */
async function present([name, value]: readonly [string, string]): Promise<[string, string]> {
  if (!name.endsWith('_FILE')) return [name, value];
  const file = path.join(dir, path.basename(value));
  await writeFile(file, SECRETS[path.basename(value)] ?? '');
  return [name, file];
}
