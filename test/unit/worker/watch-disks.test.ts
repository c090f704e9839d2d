import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DiskShare } from '../../../config/formats.ts';
import type { EngineFacts } from '../../../worker/engine/engine-facts.ts';
import { watchDisks } from '../../../worker/watch-disks.ts';

const ALL: DiskShare = { bytes: Number.MAX_SAFE_INTEGER / 4 };
const NONE: DiskShare = { bytes: 0 };

let dataDir: string;
let told: (string | null)[];
let errors: unknown[];
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-disks-'));
  [told, errors] = [[], []];
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

function engineWith(folder: string | Error, host = 'unix:///run/docker.sock') {
  const facts = (): Promise<EngineFacts> =>
    folder instanceof Error
      ? Promise.reject(folder)
      : Promise.resolve({ version: '1', memoryBytes: 1, cpus: 1, architecture: 'x86_64', folder });
  return { host, facts };
}

const watchOf = (low: DiskShare, engine: ReturnType<typeof engineWith>, folder = dataDir) =>
  watchDisks({
    ...{ dataDir: folder, engine, low },
    onChange: (why) => told.push(why),
    onError: (error) => errors.push(error),
  });

it('tells of the data folder’s disk first, and once', async () => {
  const watch = watchOf(ALL, engineWith(dataDir));
  await watch.look();
  await watch.look();
  expect(watch.whyPaused()).toMatch(/^its disk has less than \d/);
  expect(told.at(-1)).toBe(watch.whyPaused());
  expect(told.filter((one) => one?.startsWith('its disk'))).toHaveLength(1);
  expect(errors).toEqual([]);
});

it('tells of the disk of an engine on this machine', async () => {
  const watch = watchOf(ALL, engineWith(dataDir), path.join(dataDir, 'gone'));
  await watch.look();
  expect(watch.whyPaused()).toMatch(/^its engine's disk has less than \d/);
  expect(errors).toHaveLength(1);
});

it.each([
  ['on another machine', engineWith('/', 'tcp://10.0.0.2:2376')],
  ['whose folder is out of sight', engineWith('/no/such/folder')],
  ['that is away', engineWith(new Error('no answer'))],
])('takes the disk of an engine %s to have room', async (_, engine) => {
  const watch = watchOf(ALL, engine, path.join(dataDir, 'gone'));
  await watch.look();
  expect(watch.whyPaused()).toBeNull();
  expect(told).toEqual([]);
});

it('has nothing to tell while there is room', async () => {
  const watch = watchOf(NONE, engineWith(dataDir));
  await watch.look();
  expect([watch.whyPaused(), told, errors]).toEqual([null, [], []]);
});
