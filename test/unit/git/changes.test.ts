import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMirrors } from '../../../src/git/mirrors.ts';
import type { Base, Mirrors } from '../../../src/ports/repositories.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';

let host: GitHost;
let repository: HostedRepository;
let directory: string;
let mirrors: Mirrors;
beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-changes-'));
  mirrors = createMirrors({ directory, mostPaths: 5 });
});
afterEach(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

const changes = async (commit: string, base: Base, branch = 'main') => {
  const place = { projectId: 'prj_1', remote: { url: repository.cloneUrl, credentials: null }, commit };
  return (await mirrors.read({ ...place, ref: `refs/heads/${branch}` }, [], base)).changes;
};
const known = (...paths: string[]) => ({ kind: 'known', paths });
const since = (commit: string): Base => ({ kind: 'commit', commit });
const main = (at: string | null = null): Base => ({ kind: 'branch', branch: 'main', at });
const commitOn = (branch: string, files: Record<string, string | null>) => {
  if (repository.git('branch', '--list', branch) !== '') repository.git('checkout', '-q', branch);
  return repository.commit(files, 'change', { branch });
};
const fetches = () => host.requests.filter((line) => line.startsWith('GET')).length;
const onHost = (...args: string[]): string => {
  const bare = repository.git('remote', 'get-url', 'origin');
  return execFileSync('git', ['-C', bare, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
};

describe('since another commit', () => {
  it('are the files that differ, of a renamed one both names', async () => {
    const before = commitOn('main', { a: '1', b: '1', 'old name': 'long enough\n'.repeat(50) });
    const after = commitOn('main', { a: '2', 'old name': null, 'new/ümlaut': 'long enough\n'.repeat(50) });
    expect(await changes(after, since(before))).toEqual(known('a', 'new/ümlaut', 'old name'));
  });

  it('are all that several commits, and a merge, brought, and none of what they took back', async () => {
    const before = commitOn('main', { a: '1', b: '1' });
    commitOn('topic', { c: '1' });
    commitOn('main', { a: '2' });
    commitOn('main', { a: '1', b: '2' });
    repository.git('merge', '-q', '--no-ff', '-m', 'merge', 'topic');
    repository.git('push', '-q', 'origin', 'main');
    expect(await changes(repository.git('rev-parse', 'HEAD'), since(before))).toEqual(known('b', 'c'));
  });

  it('are what differs after a force push too, though the former commit is on no branch', async () => {
    const root = commitOn('main', { a: '1' });
    const before = commitOn('main', { b: '1' });
    repository.git('reset', '-q', '--hard', root);
    const after = repository.commit({ c: '1' }, 'change');
    expect(await changes(after, since(before))).toEqual(known('b', 'c'));
    expect(fetches()).toBe(2);
  });

  it('are not known when the former commit is gone', async () => {
    const root = commitOn('main', { a: '1' });
    const before = commitOn('main', { b: '1' });
    repository.git('reset', '-q', '--hard', root);
    const after = repository.commit({ c: '1' }, 'change');
    onHost('gc', '--quiet', '--prune=now');
    expect(await changes(after, since(before))).toEqual({
      kind: 'unknown',
      cause: `the commit before the push, ${before.slice(0, 10)}, is gone`,
    });
  });

  it('are none for a commit that changes nothing', async () => {
    const before = commitOn('main', { a: '1' });
    expect(await changes(commitOn('main', {}), since(before))).toEqual(known());
  });
});

describe('since a branch was left', () => {
  it('are the branch of its own, whatever the other one did since', async () => {
    commitOn('main', { a: '1' });
    const topic = commitOn('topic', { t: '1' });
    const at = commitOn('main', { a: '2' });
    expect(await changes(topic, main(at), 'topic')).toEqual(known('t'));
    expect(fetches()).toBe(1);
  });

  it('are counted from where the other branch was last merged in', async () => {
    const stale = commitOn('main', { a: '1' });
    commitOn('topic', { t: '1' });
    await changes(stale, { kind: 'nothing' });
    commitOn('main', { a: '2' });
    repository.git('checkout', '-q', 'topic');
    repository.git('merge', '-q', '-m', 'merge', 'main');
    repository.git('push', '-q', 'origin', 'topic', 'main');
    const head = repository.git('rev-parse', 'HEAD');
    expect(await changes(head, main(commitOn('main', { b: '1' })), 'topic')).toEqual(known('t'));
  });

  it('are the branch of its own, though a file of an older commit of the other one was included since', async () => {
    const old = commitOn('main', { a: '1' });
    const at = commitOn('main', { b: '1' });
    mirrors = createMirrors({ directory });
    await changes(at, { kind: 'nothing' });
    const earlier = repository.git('commit-tree', '-m', 'side', `${old}^{tree}`);
    repository.git('push', '-q', 'origin', `${earlier}:refs/heads/side`);
    const remote = { url: repository.cloneUrl, credentials: null };
    const place = { projectId: 'prj_1', remote, commit: earlier, ref: 'refs/heads/main' };
    expect((await mirrors.readIncluded(place, ['a'])).files).toEqual(['1']);
    expect(await changes(commitOn('topic', { t: '1' }), main(), 'topic')).toEqual(known('t'));
  });

  it('need no further fetch when the mirror has both', async () => {
    const at = commitOn('main', { a: '1' });
    const topic = commitOn('topic', { t: '1' });
    expect(await changes(topic, main(at), 'topic')).toEqual(known('t'));
    expect(await changes(topic, main(at), 'topic')).toEqual(known('t'));
    expect(await changes(topic, main(), 'topic')).toEqual(known('t'));
    expect(fetches()).toBe(1);
  });

  it('are counted from where the Git host saw the branch, when that is gone', async () => {
    const at = commitOn('main', { a: '1' });
    const topic = commitOn('topic', { t: '1' });
    onHost('symbolic-ref', 'HEAD', 'refs/heads/topic');
    onHost('update-ref', '-d', 'refs/heads/main');
    expect(await changes(topic, main(at), 'topic')).toEqual(known('t'));
    expect(await changes(topic, main('d'.repeat(40)), 'topic')).toEqual({
      kind: 'unknown',
      cause: 'the branch main is gone',
    });
  });

  it('are not known without a common ancestor', async () => {
    commitOn('main', { a: '1' });
    repository.git('checkout', '-q', '--orphan', 'topic');
    const topic = repository.commit({ t: '1' }, 'change', { branch: 'topic' });
    expect(await changes(topic, main(), 'topic')).toEqual({
      kind: 'unknown',
      cause: `${topic.slice(0, 10)} and the branch main have no common ancestor`,
    });
  });

  it('are not known where the hosted repository is cut off below', async () => {
    commitOn('main', { a: '1' });
    const topic = commitOn('topic', { t: '1' });
    const at = commitOn('main', { a: '2' });
    await writeFile(path.join(repository.git('remote', 'get-url', 'origin'), 'shallow'), `${topic}\n${at}\n`);
    expect(await changes(topic, main(at), 'topic')).toEqual({
      kind: 'unknown',
      cause: `${topic.slice(0, 10)} and the branch main have no common ancestor`,
    });
  });
});

describe('the first push', () => {
  it('changed every file', async () => {
    expect(await changes(commitOn('main', { a: '1', 'b/c': '1' }), { kind: 'nothing' })).toEqual(
      known('a', 'b/c'),
    );
  });
});

describe('many', () => {
  it('are not known past the limit', async () => {
    const before = commitOn('main', { a: '1' });
    const five = commitOn('main', { b: '1', c: '1', d: '1', e: '1', f: '1' });
    expect(await changes(five, since(before))).toMatchObject({ kind: 'known' });
    expect(await changes(commitOn('main', { g: '1' }), since(before))).toEqual({
      kind: 'unknown',
      cause: 'more than 5 files changed',
    });
  });

  it('are not read to their end', async () => {
    const names = Array.from({ length: 40 }, (_, n) =>
      `${String(n).padStart(2, '0')}${'x'.repeat(200)}/`.repeat(19),
    );
    commitOn('main', Object.fromEntries(names.map((name) => [`${name}a`, '1'])));
    const commit = bigTree(repository.git('rev-parse', 'HEAD^{tree}'), 60);
    mirrors = createMirrors({ directory });
    expect(await changes(commit, { kind: 'nothing' })).toEqual({
      kind: 'unknown',
      cause: 'the names of the changed files are more than 8388608 bytes',
    });
  });
});

/** A commit whose tree has the same folder many times: 10 MB of paths in a few objects. */
function bigTree(tree: string, times: number): string {
  const bare = repository.git('remote', 'get-url', 'origin');
  const entries = Array.from({ length: times }, (_, n) => `040000 tree ${tree}\tf${n}`).join('\n');
  const git = (input: string, ...args: string[]): string =>
    execFileSync('git', ['-C', bare, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      input,
      encoding: 'utf8',
    }).trim();
  const commit = git('', 'commit-tree', '-m', 'big', git(`${entries}\n`, 'mktree'));
  git('', 'update-ref', 'refs/heads/main', commit);
  return commit;
}
