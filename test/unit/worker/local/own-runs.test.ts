import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openOwnRuns, type OwnRuns } from '../../../../worker/local/own-runs.ts';

let dir: string;
let runs: OwnRuns;
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'slipway-runs-'));
  runs = await openOwnRuns(dir);
});
afterEach(() => rmSync(dir, { recursive: true }));

const entry = (leaseId: string): string => path.join(dir, 'under-way', leaseId);

it('knows a run as long as its process lives and it has not ended', async () => {
  await runs.begin('lea_1');
  expect(runs.isAlive('lea_1')).toBe(true);
  await runs.end('lea_1');
  expect(runs.isAlive('lea_1')).toBe(false);
  expect(runs.isAlive('lea_none')).toBe(false);
});

it("tells where there is no /proc by the pid, and takes another machine's for alive", () => {
  const { pid } = spawnSync('true');
  writeFileSync(entry('lea_dead'), `\n${hostname()}\n${pid}`);
  writeFileSync(entry('lea_own'), `\n${hostname()}\n${process.pid}`);
  writeFileSync(entry('lea_other'), `\nelsewhere\n${pid}`);
  expect(['lea_dead', 'lea_own', 'lea_other'].map((one) => runs.isAlive(one))).toEqual([false, true, true]);
});

it('has one name for all that share the folder, and another for every other folder', async () => {
  const others = await Promise.all([openOwnRuns(dir), openOwnRuns(dir)]);
  expect(others.map(({ name }) => name)).toEqual([runs.name, runs.name]);
  expect((await openOwnRuns(path.join(dir, 'other'))).name).not.toBe(runs.name);
});

it('forgets the dead ones, but for those whose files are still there', async () => {
  const { pid } = spawnSync('true');
  for (const one of ['lea_gone', 'lea_left']) writeFileSync(entry(one), `\n${hostname()}\n${pid}`);
  mkdirSync(path.join(runs.checkouts, 'lea_left'));
  await runs.begin('lea_alive');
  await runs.forgetDead();
  expect(['lea_gone', 'lea_left', 'lea_alive'].map((one) => existsSync(entry(one)))).toEqual([
    false,
    true,
    true,
  ]);
});
