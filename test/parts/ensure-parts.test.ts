import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPartsSettings, type PartsSettings } from '../../config/settings.ts';
import { ensureParts } from '../../src/parts/ensure-parts.ts';
import { answers, DEFAULT_ENGINE, startEngine } from '../../src/parts/engine.ts';
import { findProcesses, isAlive } from '../../src/parts/processes.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { stopRegistry } from '../../src/parts/registry.ts';
import { connectRedis } from '../../src/queue/bullmq-queue.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

let dir: string;
let settings: PartsSettings;
const said: string[] = [];
const options = { life: 'own', say: (sentence: string) => void said.push(sentence) } as const;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-ensure-'));
  settings = readPartsSettings({ DOCKER_HOST: testParts().dockerHost, SLIPWAY_DATA: dir });
  said.length = 0;
});
afterEach(async () => {
  await stopRegistry(path.join(dir, 'registry'));
  await rm(dir, { recursive: true, force: true });
});

it('a second start in a folder is refused, and ends nothing of the first one', async () => {
  const first = await ensureParts(settings, options);
  try {
    await expect(ensureParts(settings, options)).rejects.toThrow(`another one uses ${dir}/redis`);
    expect((await fetch(`http://${first.registry.host}/v2/`)).status).toBe(200);
    expect(said).toEqual(['started Redis', 'started a registry']);
  } finally {
    await first.stop();
  }
  const again = await ensureParts(settings, options);
  expect(again.registry.host).toBe(first.registry.host);
  expect(said).toEqual(['started Redis', 'started a registry', 'started Redis']);
  await again.stop();
});

it.skipIf(await answers(DEFAULT_ENGINE))(
  'a second start that is refused leaves the engine of the first one alone',
  async () => {
    const engine = await startEngine({ dir: path.join(dir, 'engine'), life: 'own' });
    const redis = await startRedis({ dir: path.join(dir, 'redis') });
    try {
      const refused = ensureParts({ ...settings, dockerHost: null }, options);
      await expect(refused).rejects.toThrow(`another one uses ${dir}/redis`);
      expect(await answers(engine.host)).toBe(true);
      expect(said).toEqual([]);
    } finally {
      await redis.stop();
      await engine.stop();
    }
  },
);

it('Redis is started again when it dies, with everything it had answered for', async () => {
  const parts = await ensureParts(settings, options);
  const client = connectRedis(parts.redisUrl, 'consumer');
  client.on('error', () => undefined);
  try {
    await client.set('kept', 'yes');
    for (const pid of redisOfOurs()) process.kill(pid, 'SIGKILL');
    expect(await client.get('kept')).toBe('yes');
    expect(said.at(-1)).toBe(`Redis ended by itself and is started again; see ${dir}/redis/redis.log`);
  } finally {
    client.disconnect();
    await parts.stop();
  }
  expect(redisOfOurs().filter(isAlive)).toEqual([]);
  await waitFor('no process but the registry is left', () => ofOurs().length === 1);
});

const ofOurs = (program = ''): number[] =>
  findProcesses('cmdline', (text) => text.includes(dir) && text.includes(program));

const redisOfOurs = (): number[] => ofOurs('unixsocket:');
