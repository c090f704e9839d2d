import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Installation } from '../../../src/backup/installation.ts';
import { readBackup } from '../../../src/backup/read-backup.ts';
import { restoreBackup } from '../../../src/backup/restore-backup.ts';
import { takeBackup } from '../../../src/backup/take-backup.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { kill, makeGround, readRestored, type Ground } from './support.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let ground: Ground;
let origin: Installation;
let made = 0;
const newName = (name: string): string => `${name}-${(made += 1)}`;

beforeAll(async () => {
  ground = await makeGround();
  origin = ground.place('origin');
  const server = await ground.startWriting(origin);
  await sleep(2_500);
  await kill(server);
});
afterAll(() => ground.stop());

/** Starts a command on an installation, and sends it a signal as soon as it has begun to write, and then a little later. */
async function interrupt(
  { dataDir }: Installation,
  args: readonly string[],
  { signal, begun, afterMs }: { signal: NodeJS.Signals; begun: () => Promise<boolean>; afterMs: number },
): Promise<{ code: number | null; stderr: string }> {
  const env = { ...nodeEnvironment(), SLIPWAY_DATA: dataDir };
  const child = execFile(process.execPath, [PROGRAM, ...args], { env });
  let stderr = '';
  child.stderr?.on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  while (child.exitCode === null && !(await begun())) await sleep(1);
  await sleep(afterMs);
  child.kill(signal);
  return { code: await ended, stderr };
}

async function namesWith(folder: string, part: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => name.includes(part));
}

it('a backup that is killed on its way is not there under its name, and what it leaves is not restored', async () => {
  let halves = 0;
  for (const afterMs of [0, 2, 5, 10, 20, 40]) {
    const target = newName('killed');
    const unfinished = () => namesWith(ground.dir, `${target}.unfinished`);
    const begun = async () => (await unfinished()).length > 0;
    await interrupt(origin, ['backup', path.join(ground.dir, target)], { signal: 'SIGKILL', begun, afterMs });
    if (existsSync(path.join(ground.dir, target))) await readBackup(path.join(ground.dir, target));
    for (const name of await unfinished()) {
      halves += 1;
      const fresh = ground.place(newName('fresh'));
      await restoreBackup(fresh, path.join(ground.dir, name)).then(
        async () => expect(await readRestored(fresh)).toMatchObject({ behind: [], wrong: [] }),
        (error: unknown) => expect(error).toMatchObject({ code: 'backup_damaged' }),
      );
    }
  }
  expect(halves).toBeGreaterThan(0);
});

it('a backup that is asked to end leaves nothing, and says so', async () => {
  const target = newName('ended');
  const begun = async () => (await namesWith(ground.dir, `${target}.unfinished`)).length > 0;
  const ended = await interrupt(origin, ['backup', path.join(ground.dir, target)], {
    signal: 'SIGTERM',
    begun,
    afterMs: 0,
  });
  // On a quick machine it was done before.
  if (ended.code !== 0) expect(ended).toEqual({ code: 130, stderr: 'slipway: ended; nothing was kept\n' });
  expect(await namesWith(ground.dir, `${target}.unfinished`)).toEqual([]);
  expect(existsSync(path.join(ground.dir, target))).toBe(ended.code === 0);
});

it('a restore that is killed on its way leaves no database, or all of it', async () => {
  const source = path.join(ground.dir, newName('good'));
  await takeBackup(origin, source);
  let without = 0;
  for (const afterMs of [0, 2, 5, 10, 20, 40]) {
    const fresh = ground.place(newName('restored'));
    const begun = async () => (await namesWith(fresh.dataDir, 'restore-')).length > 0;
    await interrupt(fresh, ['restore', source], { signal: 'SIGKILL', begun, afterMs });
    if (existsSync(path.join(fresh.dataDir, 'slipway.db')))
      expect(await readRestored(fresh)).toMatchObject({ behind: [], wrong: [] });
    else without += 1;
  }
  expect(without).toBeGreaterThan(0);
});
