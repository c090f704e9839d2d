import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, expect, it } from 'vitest';
import { spawnPart } from '../../../src/parts/spawn-part.ts';

it('keeps what a part is told in its environment out of every command line', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-spawn-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const part = await spawnPart({
    name: 'sleeper',
    dir,
    command: 'sleep',
    args: ['60'],
    env: { SLIPWAY_TEST_TOKEN: 'not-for-everybody' },
    isReady: async () => true,
  });
  onTestFinished(() => part.stop());

  const supervisor = /^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${part.pid}/status`, 'utf8'))?.[1] ?? '';
  const commandLine = await readFile(`/proc/${supervisor}/cmdline`, 'utf8');
  const environment = await readFile(`/proc/${part.pid}/environ`, 'utf8');

  expect(commandLine).toContain('supervise.ts');
  expect(commandLine).not.toContain('not-for-everybody');
  expect(environment).toContain('SLIPWAY_TEST_TOKEN=not-for-everybody');
});
