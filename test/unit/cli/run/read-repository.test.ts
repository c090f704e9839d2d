import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRepository } from '../../../../src/cli/run/read-repository.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'slipway-repository-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  return execFileSync('git', ['-C', folder, ...who, ...args], { encoding: 'utf8' }).trim();
}

function commit(name: string, message: string): string {
  writeFileSync(path.join(folder, name), message);
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD');
}

it('reads branch, commit and tag, and what the branch and the working tree changed', async () => {
  git('init', '--quiet', '--initial-branch=trunk');
  git('remote', 'add', 'origin', 'https://ann:hunter2@git.test/shop/web.git');
  commit('old.txt', 'Begin');
  git('branch', 'main');
  git('checkout', '--quiet', '-b', 'work', 'main');
  const head = commit('committed.txt', 'Add a door\n\nWith a bell.');
  git('tag', 'v1');
  writeFileSync(path.join(folder, 'old.txt'), 'changed');
  mkdirSync(path.join(folder, 'sub'));
  writeFileSync(path.join(folder, 'sub/new file.txt'), '');
  const repository = await readRepository(path.join(folder, 'sub'));
  expect(repository).toMatchObject({
    root: folder,
    isRepository: true,
    originUrl: 'https://git.test/shop/web.git',
    projectPath: 'shop/web',
    branch: 'work',
    defaultBranch: 'main',
    head: {
      commit: head,
      message: 'Add a door\n\nWith a bell.',
      author: { name: 'Ann', email: 'ann@example.com' },
      tag: 'v1',
    },
  });
  expect(repository.changedFiles).toEqual(['committed.txt', 'old.txt', 'sub/new file.txt']);
});

it('takes on the default branch what the newest commit and the working tree changed', async () => {
  git('init', '--quiet', '--initial-branch=main');
  commit('a.txt', 'One');
  commit('b.txt', 'Two');
  writeFileSync(path.join(folder, 'c.txt'), '');
  expect((await readRepository(folder)).changedFiles).toEqual(['b.txt', 'c.txt']);
});

it('takes a repository without a commit, and a folder that is none', async () => {
  expect(await readRepository(folder)).toMatchObject({ isRepository: false, root: folder, head: null });
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', 'git@git.test:shop/api.git');
  expect(await readRepository(folder)).toMatchObject({
    isRepository: true,
    branch: 'main',
    defaultBranch: 'main',
    head: null,
    changedFiles: null,
    projectPath: 'shop/api',
  });
});
