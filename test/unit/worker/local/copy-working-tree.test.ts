import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyWorkingTree } from '../../../../worker/local/copy-working-tree.ts';

let root: string;
let elsewhere: string;
const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
    encoding: 'utf8',
  }).trim();

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-tree-'));
  const isElsewhere = (folder: string): boolean => statSync(folder).dev !== statSync(root).dev;
  elsewhere = mkdtempSync(path.join(['/dev/shm', '/var/tmp'].find(isElsewhere) ?? tmpdir(), 'slipway-copy-'));
});
afterEach(() => {
  for (const folder of [root, elsewhere]) rmSync(folder, { recursive: true });
});

it('copies a repository also to where its objects cannot be linked', async () => {
  expect(statSync(elsewhere).dev).not.toBe(statSync(root).dev);
  git(root, 'init', '--quiet');
  writeFileSync(path.join(root, 'a'), '1');
  git(root, 'add', '.');
  git(root, 'commit', '--quiet', '-m', 'a');
  writeFileSync(path.join(root, 'a'), '2');
  const directory = path.join(elsewhere, 'copy');
  const outcome = await copyWorkingTree({
    tree: { root, isRepository: true, originUrl: null },
    directory,
    log: { say: async () => undefined, write: async () => undefined, end: async () => 0 },
    signal: new AbortController().signal,
  });
  expect(outcome).toEqual({ status: 'success', reason: null, exitCode: null });
  expect(readFileSync(path.join(directory, 'a'), 'utf8')).toBe('2');
  expect(git(directory, 'rev-parse', 'HEAD')).toBe(git(root, 'rev-parse', 'HEAD'));
  expect(git(directory, 'status', '--short')).toBe('M a');
});
