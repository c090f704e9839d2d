import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkRepository } from '../../../../worker/checkout/link-repository.ts';

let scratch: string;
let mirror: string;

const git = (directory: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8' }).trim();

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'link-test-'));
  const origin = path.join(scratch, 'origin');
  mirror = path.join(scratch, 'mirror.git');
  mkdirSync(origin);
  git(origin, 'init', '--quiet', '--initial-branch=main');
  writeFileSync(path.join(origin, 'a.txt'), 'one');
  git(origin, 'add', '.');
  git(origin, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'one');
  git(origin, 'tag', 'v1');
  git(scratch, 'clone', '--quiet', '--bare', origin, mirror);
  git(mirror, 'repack', '-adq');
});

afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const linked = async (url = 'https://example.com/a.git'): Promise<string> => {
  const directory = path.join(scratch, 'work');
  const tags = new Map([['refs/tags/v1', git(mirror, 'rev-parse', 'v1')]]);
  await linkRepository({ mirror, directory, url, tags });
  return directory;
};

test('is a repository with the tags and without a branch, as a clone without checkout is', async () => {
  const directory = await linked();
  expect(git(directory, 'for-each-ref', '--format=%(refname)')).toBe('refs/tags/v1');
  git(directory, 'checkout', '--quiet', '--detach', 'v1');
  expect(git(directory, 'status', '--porcelain')).toBe('');
  expect(git(directory, 'describe', '--tags')).toBe('v1');
  git(directory, 'fsck', '--strict');
});

test("its objects are the mirror's own files, whole ones only", async () => {
  const packs = path.join(mirror, 'objects/pack');
  writeFileSync(path.join(packs, 'tmp_pack_half'), 'half');
  const directory = await linked();
  const [pack = ''] = readdirSync(packs).filter((name) => name.endsWith('.pack'));
  const own = path.join(directory, '.git/objects/pack');
  expect(statSync(path.join(own, pack)).ino).toBe(statSync(path.join(packs, pack)).ino);
  expect(readdirSync(own)).not.toContain('tmp_pack_half');
});

test.each([
  'https://example.com/a"b.git',
  'https://example.com/a;b#c.git',
  'https://example.com/a\\b.git',
  'https://example.com/a\n[core]\n\tpager = sh.git',
])('keeps %j as the address of origin, whatever git makes of such a character', async (url) => {
  const directory = await linked(url);
  expect(git(directory, 'config', '--get', 'remote.origin.url')).toBe(url);
  expect(git(directory, 'config', '--get-regexp', '^core\\.').split('\n')).toHaveLength(4);
});

test('copies what cannot be linked', async () => {
  const isElsewhere = (folder: string): boolean => statSync(folder).dev !== statSync(mirror).dev;
  const folder = ['/dev/shm', '/var/tmp'].find(isElsewhere) ?? '/dev/shm';
  const directory = mkdtempSync(path.join(folder, 'link-test-'));
  expect(statSync(directory).dev).not.toBe(statSync(mirror).dev);
  try {
    await linkRepository({ mirror, directory, url: 'https://example.com/a.git', tags: new Map() });
    git(directory, 'checkout', '--quiet', '--detach', git(mirror, 'rev-parse', 'v1'));
    git(directory, 'fsck', '--strict');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
