import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listFiles } from '../../../../worker/local/list-files.ts';
import { readRepository } from '../../../../src/cli/run/read-repository.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'slipway-repository-')));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

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

it('says what git says of a repository that this person may not use, instead of taking all of the folder', async () => {
  git('init', '--quiet', '--initial-branch=main');
  vi.stubEnv('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1');
  await expect(readRepository(folder)).rejects.toMatchObject({
    code: 'git_failed',
    details: { cause: expect.stringContaining('dubious ownership') as string },
  });
  vi.stubEnv('GIT_CONFIG_GLOBAL', path.join(folder, 'gitconfig'));
  writeFileSync(path.join(folder, 'gitconfig'), '[safe]\n\tdirectory = *\n');
  expect((await readRepository(folder)).isRepository).toBe(true);
});

it('says what git says of a `.git` that is no repository', async () => {
  writeFileSync(path.join(folder, '.git'), 'gitdir: nowhere\n');
  await expect(readRepository(folder)).rejects.toMatchObject({ code: 'git_failed' });
});

it('is not told by a hook which repository is meant', async () => {
  git('init', '--quiet', '--initial-branch=main');
  vi.stubEnv('GIT_DIR', '/nowhere/.git');
  expect(await readRepository(folder)).toMatchObject({ root: folder, isRepository: true });
});

it('takes no file that this person has git ignore, and names of any bytes', async () => {
  git('init', '--quiet', '--initial-branch=main');
  const settings = path.join(folder, '.git/person');
  writeFileSync(settings, `[core]\n\texcludesFile = ${folder}/.git/ignored\n`);
  writeFileSync(path.join(folder, '.git/ignored'), '.env\n');
  vi.stubEnv('GIT_CONFIG_GLOBAL', settings);
  writeFileSync(path.join(folder, '.env'), 'TOKEN=hunter2');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/a\n`), Buffer.from([0xff])]), '');
  expect(await listFiles(await readRepository(folder))).toEqual(['a\n\u00ff']);
});

it('sees new files of the whole repository, wherever in it it is asked', async () => {
  git('init', '--quiet', '--initial-branch=main');
  commit('a.txt', 'One');
  commit('b.txt', 'Two');
  mkdirSync(path.join(folder, 'ci'));
  writeFileSync(path.join(folder, 'new.txt'), '');
  writeFileSync(path.join(folder, 'ci/slipway.yml'), '');
  const { changedFiles } = await readRepository(path.join(folder, 'ci'));
  expect(changedFiles).toEqual(['b.txt', 'ci/slipway.yml', 'new.txt']);
});

it.each([
  ['https://ann:hun@ter@git.test/shop/web.git', 'https://git.test/shop/web.git', 'shop/web'],
  ['https://ann:hun/ter@git.test/shop/web.git', null, null],
  ['git+ssh://ann:hunter@git.test/shop/web', 'git+ssh://git.test/shop/web', 'shop/web'],
  ['ssh://git@git.test:22/shop/web.git', 'ssh://git.test:22/shop/web.git', 'shop/web'],
  ['git@git.test:shop/web.git', 'git@git.test:shop/web.git', 'shop/web'],
  ['../web.git', null, null],
])('takes no credentials of the address %s', async (address, originUrl, projectPath) => {
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', address);
  const repository = await readRepository(folder);
  expect(repository.originUrl).toBe(originUrl);
  if (projectPath !== null) expect(repository.projectPath).toBe(projectPath);
  expect(JSON.stringify({ ...repository, root: '' })).not.toMatch(/hun|ter@/);
});
