import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newId } from '../../src/core/id.ts';
import { openFileLogStore } from '../../src/logs/file-log-store.ts';
import { applied } from '../support/change-modules.ts';
import { waitFor } from '../support/wait.ts';
import { LOAD_MUTANT, mutantEnv, MUTANTS } from './mutants.ts';
import { makeDisk, mayMakeDisks } from './path/disk.ts';

const run = promisify(execFile);

test('every mutant still changes what it means to', async () => {
  for (const { mutations } of Object.values(MUTANTS))
    for (const mutation of mutations) {
      const source = await readFile(path.join(import.meta.dirname, '../..', mutation.file), 'utf8');
      expect(applied(source, mutation)).not.toBe(source);
    }
});

// A mount needs root.
test.runIf(mayMakeDisks())(
  'a power cut takes lines of a log that were acknowledged only where fsync is dropped',
  async () => {
    expect(await lostByPowerCut({})).toBe(0);
    expect(await lostByPowerCut({ NODE_OPTIONS: LOAD_MUTANT, ...mutantEnv('fsync') })).toBeGreaterThan(0);
  },
);

test('an effect that failed once is tried again, but where the outbox is dropped', async () => {
  expect(await triesOfAnEffect({})).toBe(2);
  expect(await triesOfAnEffect({ NODE_OPTIONS: LOAD_MUTANT, ...mutantEnv('outbox') })).toBe(1);
});

async function triesOfAnEffect(env: Readonly<Record<string, string>>): Promise<number> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-outbox-'));
  try {
    const program = path.join(import.meta.dirname, 'outbox-twice.ts');
    const args = [program, path.join(dir, 'slipway.db')];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env } });
    return Number(stdout);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Acknowledged bytes of a log that are not there after the power was gone while they were written. */
async function lostByPowerCut(env: Readonly<Record<string, string>>): Promise<number> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slipway-power-'));
  const disk = await makeDisk(path.join(dir, 'logs'), 64 * 1024 ** 2);
  try {
    const log = newId('att');
    const program = path.join(import.meta.dirname, 'logs/append-loop.ts');
    const writer = spawn(process.execPath, [program, disk.folder, log], { env: { ...process.env, ...env } });
    // It may end by itself: its disk gives errors.
    const gone = once(writer, 'exit');
    let acknowledged = 0;
    createInterface({ input: writer.stdout }).on('line', (line) => (acknowledged = Number(line)));
    await waitFor('some of it is acknowledged', () => acknowledged > 50_000);
    const atLeast = acknowledged;
    await disk.powerOff();
    writer.kill('SIGKILL');
    await gone;
    await disk.powerOn();
    const store = openFileLogStore(disk.folder);
    const { bytes } = await store.state(log);
    await store.close();
    return Math.max(0, atLeast - bytes);
  } finally {
    await disk.remove();
    await rm(dir, { recursive: true });
  }
}
