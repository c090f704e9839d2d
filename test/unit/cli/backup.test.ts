import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { makeGround, readRestored, type Ground } from '../backup/support.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let ground: Ground;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.stop());

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with the settings of an installation in the folder `place`. */
function slipway(place: string, ...args: readonly string[]): Promise<Ended> {
  const env = { ...nodeEnvironment(), SLIPWAY_DATA: ground.place(place).dataDir };
  return new Promise((resolve) =>
    execFile(process.execPath, [PROGRAM, ...args], { cwd: ground.dir, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  );
}

it('backs up a running server and restores it into a fresh place', async () => {
  await ground.startWriting(ground.place('origin'));
  const taken = await slipway('origin', 'backup', 'copy');
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  expect(taken.stdout).toMatch(
    /^backed up to copy: the record of 2\S+Z \(schema \d+\), \d+ logs, [\d.]+ [kM]B\n$/,
  );
  const restored = await slipway('fresh', 'restore', 'copy', '--json');
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(restored.stdout)).toMatchObject({ format: 1, database: 'sqlite' });
  expect((await readRestored(ground.place('fresh'))).behind).toEqual([]);
  expect(await readdir(path.join(ground.dir, 'copy'))).toContain('manifest.json');
});

it('tells every refusal with what to do about it', async () => {
  const nothing = await slipway('nothing', 'backup', 'of-nothing');
  expect(nothing.code).toBe(1);
  expect(nothing.stderr).toMatch(
    /^slipway: There is no database of Slipway at \S+nothing\/slipway\.db\.\n {2}Run it on/,
  );
  const notThere = await slipway('nothing', 'restore', 'not-there');
  expect(notThere.code).toBe(1);
  expect(notThere.stderr).toMatch(
    /^slipway: There is no backup at \S+not-there: ENOENT: [^\n]+\n {2}Name the/,
  );
  const empty = await slipway('nothing', 'backup', '');
  expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('TARGET is empty') as string });
  for (const args of [['backup'], ['restore'], ['backup', 'a', 'b'], ['restore', 'a', '--force']]) {
    const wrong = await slipway('nothing', ...args);
    expect(wrong.code, args.join(' ')).toBe(2);
    expect(wrong.stderr).toContain(`Usage: slipway ${args[0] ?? ''} `);
  }
  expect(await slipway('nothing', 'backup', '--help')).toMatchObject({ code: 0 });
});
