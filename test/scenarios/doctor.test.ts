import { execFile } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Result } from '../../src/doctor/check.ts';
import { stopRouter } from '../../src/parts/router.ts';
import { prepareRouter } from '../../worker/router/open-router.ts';
import { nodeEnvironment } from '../support/node-environment.ts';
import { testParts } from '../support/parts.ts';
import { startSystem, type System } from '../support/system.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let system: System;
beforeAll(async () => {
  const { dockerHost, buildNetworks, appNetwork } = testParts();
  system = await startSystem({ dockerHost, buildNetworks, appNetwork });
});
afterAll(() => system?.stop());

it('finds what `npm start` has started where the settings name nothing', async () => {
  const { checks } = await doctor({ SLIPWAY_DATA: system.dir, REDIS_URL: '', SLIPWAY_REGISTRY: '' });
  const of = (name: string) => checks.find((one) => one.name === name);
  expect(of('Redis')).toMatchObject({ verdict: 'ok' });
  expect(of('registry')).toMatchObject({ verdict: 'ok', says: `${system.registry.host} answers` });
});

it('finds a whole installation well, and then each part that is not', async () => {
  const well = await doctor();
  expect(well.checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  expect(well).toMatchObject({ code: 0, ok: true });
  const seen = Object.fromEntries(
    well.checks.map(({ name, verdict, says }) => [name, `${verdict}: ${says}`]),
  );
  expect(seen['router']).toMatch(/^ok: HAProxy \S+, 0 of 16 backends in use$/);
  expect(seen['Redis']).toMatch(/^ok: unix:\S+, version \d+\.\d+/);
  expect(seen['engine']).toMatch(/^ok: .*, version \d+\./);
  expect(seen['build client']).toMatch(/^ok: .*BuildKit/);
  expect(seen['registry']).toMatch(/^ok: .* answers$/);
  expect(seen['server']).toMatch(/^ok: .* answers, version \d+\.\d+\.\d+$/);

  const redis = new Redis({ path: system.redis.socket });
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  redis.disconnect();
  await stopRouter(path.join(system.dir, 'router'));
  await system.registry.stop();
  const ill = await doctor();
  expect(ill).toMatchObject({ code: 1, ok: false });
  const of = (name: string) => ill.checks.find((one) => one.name === name);
  expect(of('Redis')).toMatchObject({ verdict: 'warn' });
  expect(of('Redis')?.fix).toContain('noeviction');
  expect(of('router')).toMatchObject({ verdict: 'fail' });
  expect(of('registry')).toMatchObject({ verdict: 'fail' });
  expect(of('server')?.verdict).not.toBe('fail');
});

it('ends in time when everything takes connections and answers nothing', async () => {
  const dir = path.join(system.dir, 'mute');
  await prepareRouter(dir, { binds: ['127.0.0.1:1'], backends: 4 });
  const servers = [net.createServer(), net.createServer()] as const;
  const [onPort, onSocket] = servers;
  await new Promise<void>((resolve) => onSocket.listen(path.join(dir, 'runtime.sock'), resolve));
  await new Promise<void>((resolve) => onPort.listen(0, '127.0.0.1', resolve));
  const mute = `127.0.0.1:${(onPort.address() as net.AddressInfo).port}`;
  const startedAt = performance.now();
  const { code, checks } = await doctor({
    SLIPWAY_ROUTER_DIR: dir,
    SLIPWAY_LISTEN: mute,
    DATABASE_URL: `postgres://me:secret-word@${mute}/x`,
    REDIS_URL: `redis://me:secret-word@${mute}`,
    DOCKER_HOST: `tcp://${mute}`,
    SLIPWAY_REGISTRY: mute,
  });
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  for (const server of servers) server.close();
  expect(code).toBe(1);
  const failed = checks.filter(({ verdict }) => verdict === 'fail');
  expect(failed.map(({ name }) => name)).toEqual([
    'database',
    'Redis',
    'engine',
    'registry',
    'router',
    'server',
  ]);
  expect(failed.every(({ fix }) => fix !== null)).toBe(true);
  expect(JSON.stringify(checks)).not.toContain('secret-word');
});

function doctor(
  over: Readonly<Record<string, string>> = {},
): Promise<{ code: number; ok: boolean; checks: readonly Result[] }> {
  const env = {
    ...nodeEnvironment(),
    SLIPWAY_DATA: path.join(system.dir, 'data'),
    SLIPWAY_ROUTER_DIR: path.join(system.dir, 'router'),
    SLIPWAY_LISTEN: new URL(system.url).host,
    REDIS_URL: system.redis.url,
    SLIPWAY_REGISTRY: system.registry.host,
    SLIPWAY_REGISTRY_INSECURE: '1',
    DOCKER_HOST: testParts().dockerHost,
    ...over,
  };
  return new Promise((resolve) =>
    execFile(process.execPath, [PROGRAM, 'doctor', '--json'], { env }, (error, stdout) => {
      const answer = JSON.parse(stdout) as { ok: boolean; checks: readonly Result[] };
      resolve({ code: error === null ? 0 : Number(error.code), ...answer });
    }),
  );
}
