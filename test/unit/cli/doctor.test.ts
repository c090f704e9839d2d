import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Result } from '../../../src/doctor/check.ts';
import { openKeyRing } from '../../../src/secrets/key-ring.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slw-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function doctor(env: Readonly<Record<string, string>>): Promise<{
  code: number;
  ok: boolean;
  of: (name: string) => Result | undefined;
}> {
  const { code, stdout } = await run(['--json'], env);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Result[] };
  return { code, ok, of: (name) => checks.find((one) => one.name === name) };
}

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const full = { ...nodeEnvironment(), SLIPWAY_LISTEN: '127.0.0.1:1', ...env };
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      [PROGRAM, 'doctor', ...args],
      { env: full, cwd: folder },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  );
}

it('reads schema, key and its mode, and changes nothing', async () => {
  const dataDir = path.join(folder, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  await (await openStore(path.join(dataDir, 'slipway.db'))).close();
  await openKeyRing(path.join(dataDir, 'keys'));
  const env = { SLIPWAY_DATA: dataDir, REDIS_URL: `redis://127.0.0.1:1` };
  const before = (await readdir(dataDir)).filter((name) => !/-(?:wal|shm)$/.test(name));
  const well = await doctor(env);
  for (const name of ['settings', 'database', 'key', 'git']) expect(well.of(name)?.verdict, name).toBe('ok');
  expect(well.of('Redis')).toMatchObject({ verdict: 'fail' });
  expect((await readdir(dataDir)).filter((name) => !/-(?:wal|shm)$/.test(name))).toEqual(before);

  await chmod(path.join(dataDir, 'keys'), 0o644);
  await chmod(dataDir, 0o755);
  const database = new DatabaseSync(path.join(dataDir, 'slipway.db'));
  database.exec('update schema_version set version = 99');
  database.close();
  const ill = await doctor(env);
  expect(ill.of('key')).toMatchObject({ verdict: 'fail' });
  expect(ill.of('key')?.says).toContain('chmod 600');
  expect(ill.of('data folder')).toMatchObject({ verdict: 'warn', fix: `chmod 700 ${dataDir}` });
  expect(ill.of('database')).toMatchObject({ verdict: 'fail' });
  expect(ill.of('database')?.says).toContain('schema 99');
  await rm(path.join(dataDir, 'keys'));
  expect((await doctor(env)).of('key')).toMatchObject({ verdict: 'fail' });
});

it('prints one line each, names wrong settings and stops there, and tells how it is used', async () => {
  const env = { SLIPWAY_DATA: path.join(folder, 'none'), REDIS_URL: 'redis://127.0.0.1:1' };
  const lines = (await run([], env)).stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.split(/ {2,}/)[1])).toEqual([
    ...['settings', 'data folder', 'database', 'key', 'git', 'Redis'],
    ...['engine', 'build client', 'registry', 'router', 'server'],
  ]);
  for (const line of lines) expect(line).toMatch(/^(?:ok|warn|fail) /);
  await writeFile(path.join(folder, 'settings'), 'SLIPWAY_LISTN=x\n');
  const wrong = await run([], { ...env, SLIPWAY_CONFIG: 'settings' });
  expect(wrong).toMatchObject({ code: 1, stderr: '' });
  expect(wrong.stdout).toMatch(/^fail {2}settings {2}.*SLIPWAY_LISTN.*\n$/);
  expect(await run(['all'], env)).toMatchObject({ code: 2, stdout: '' });
});
