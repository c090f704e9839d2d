import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trackingRef } from '../../../src/git/mirror.ts';
import { createMirrors } from '../../../src/git/mirrors.ts';
import type { Mirrors, Remote } from '../../../src/ports/repositories.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';

let host: GitHost;
let repository: HostedRepository;
let directory: string;
let mirrors: Mirrors;
const remote = (password: string | null = null) => ({
  url: repository.cloneUrl,
  credentials: password === null ? null : { username: 'x-access-token', password },
});
const read = (commit: string, ref: string, paths: readonly string[] = []) =>
  mirrors.read({ projectId: 'prj_1', remote: remote(), commit, ref }, paths);
const filesAt = async (commit: string, paths: readonly string[], ref = 'refs/heads/main') =>
  (await read(commit, ref, paths)).files;
const readFrom = (from: Remote, commit = 'd'.repeat(40), projectId = 'prj_1') =>
  mirrors.read({ projectId, remote: from, commit, ref: 'refs/heads/main' }, ['a']);
const fetches = () =>
  host.requests.filter((line) => line.startsWith('GET') && line.includes('git-upload-pack'));

beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-mirrors-'));
  mirrors = createMirrors({ directory });
});

afterEach(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

describe('fetching', () => {
  it('fetches a commit once, however many ask at the same time', async () => {
    const commit = repository.commit({ 'slipway.yml': 'steps: []' });
    await Promise.all(Array.from({ length: 20 }, () => read(commit, 'refs/heads/main')));
    await read(commit, 'refs/heads/main');
    expect(fetches()).toHaveLength(1);
  });

  it('gets a commit that a force push has taken off its branch', async () => {
    const first = repository.commit({ a: '1' });
    const gone = repository.commit({ a: '2' });
    repository.forcePush('main', first);
    expect(await filesAt(gone, ['a'])).toEqual(['2']);
  });

  it('gets a commit whose branch was deleted since', async () => {
    repository.commit({ a: '1' });
    const commit = repository.commit({ a: '2' }, 'change', { branch: 'topic' });
    repository.git('push', 'origin', ':refs/heads/topic');
    expect(await filesAt(commit, ['a'], 'refs/heads/topic')).toEqual(['2']);
  });

  it('names a commit that is not there, and fetches others afterwards', async () => {
    const commit = repository.commit({ a: '1' });
    const missing = 'd'.repeat(40);
    await expect(read(missing, 'refs/heads/main')).rejects.toMatchObject({
      code: 'commit_missing',
      details: { commit: missing },
    });
    expect(await filesAt(commit, ['a'])).toEqual(['1']);
  });

  it('says what git says of a repository that is not there', async () => {
    const gone = { url: `${host.url}/shop/none.git`, credentials: null };
    await expect(readFrom(gone)).rejects.toMatchObject({
      code: 'repository_unreachable',
    });
  });

  it('gets the lock of a killed git out of the way, and loses nothing of the mirror', async () => {
    const first = repository.commit({ a: '1' });
    await read(first, 'refs/heads/main');
    await writeFile(path.join(directory, 'prj_1.git', `${trackingRef('refs/heads/main')}.lock`), '');
    await writeFile(path.join(directory, 'prj_1.git/packed-refs.lock'), '');
    const second = repository.commit({ a: '2' });
    expect(await filesAt(second, ['a'])).toEqual(['2']);
    await host.close();
    expect(await filesAt(first, ['a'])).toEqual(['1']);
  });

  it('gets the half pack of a killed git out of the way with the next fetch', async () => {
    await read(repository.commit({ a: '1' }), 'refs/heads/main');
    const packs = path.join(directory, 'prj_1.git/objects/pack');
    for (const name of ['tmp_pack_Ab12cd', 'tmp_idx_Ab12cd']) await writeFile(path.join(packs, name), 'half');
    await read(repository.commit({ a: '2' }), 'refs/heads/main');
    expect((await readdir(packs)).filter((name) => !name.startsWith('pack-'))).toEqual([]);
  });

  it('makes a mirror anew that a crash of the machine has damaged', async () => {
    const commit = repository.commit({ a: '1' });
    await read(commit, 'refs/heads/main');
    const packs = path.join(directory, 'prj_1.git/objects/pack');
    const [pack = ''] = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
    await rm(path.join(packs, pack));
    await writeFile(path.join(packs, pack), '');
    mirrors = createMirrors({ directory });
    expect(await filesAt(commit, ['a'])).toEqual(['1']);
  });

  it('keeps what comes as the pack that it came in: a commit is there with all that it needs, or not at all', async () => {
    await read(repository.commit({ a: '1', 'b/c': '2' }), 'refs/heads/main');
    const counts = execFileSync('git', ['count-objects', '-v'], {
      cwd: path.join(directory, 'prj_1.git'),
      encoding: 'utf8',
    });
    expect(counts).toMatch(/^count: 0$/m);
    expect(counts).toMatch(/^in-pack: 5$/m);
  });

  it('fetches a branch that is named like the folder of a former one', async () => {
    const topic = repository.commit({ a: '1' }, 'change', { branch: 'topic' });
    await read(topic, 'refs/heads/topic');
    repository.git('push', '-q', 'origin', ':refs/heads/topic');
    repository.git('checkout', '-q', '--detach');
    repository.git('branch', '-D', 'topic');
    repository.git('checkout', '-q', '-b', 'topic/more');
    const more = repository.commit({ a: '2' }, 'change', { branch: 'topic/more' });
    expect(await filesAt(more, ['a'], 'refs/heads/topic/more')).toEqual(['2']);
  });

  it('needs few fetches for commits that are asked for in a burst', async () => {
    const commits = Array.from({ length: 10 }, (_, n) => repository.commit({ a: String(n) }));
    for (const [n, commit] of commits.entries()) expect(await filesAt(commit, ['a'])).toEqual([String(n)]);
    expect(fetches()).toHaveLength(2);
  });

  it('asks for a single commit by its name, with the tags and no list of the branches', async () => {
    const commit = repository.commit({ a: '1' });
    expect(await filesAt(commit, ['a'])).toEqual(['1']);
    expect(host.requests).toHaveLength(3);
  });

  it('gets a commit of a host that serves none by its name, at the end of its branch or below', async () => {
    await host.close();
    host = await startGitHost({ oldProtocol: true });
    repository = host.create('shop/web');
    const below = repository.commit({ a: '1' });
    const end = repository.commit({ a: '2' });
    expect(await filesAt(below, ['a'])).toEqual(['1']);
    const later = repository.commit({ a: '3' }, 'change', { branch: 'topic' });
    expect(await filesAt(later, ['a'], 'refs/heads/topic')).toEqual(['3']);
    expect(await filesAt(end, ['a'])).toEqual(['2']);
  });

  it('takes neither options nor other protocols for an address, a ref or a commit', async () => {
    const bad = (url: string) => readFrom({ url, credentials: null });
    await expect(bad('ext::sh -c "touch /tmp/owned"')).rejects.toMatchObject({
      code: 'repository_unreachable',
    });
    await expect(bad('--upload-pack=touch')).rejects.toMatchObject({ code: 'repository_unreachable' });
    await expect(bad(`file://${directory}`)).rejects.toMatchObject({ code: 'repository_unreachable' });
    await expect(async () => readFrom(remote(), '--all')).rejects.toThrow('commit');
    await expect(async () => readFrom(remote(), 'd'.repeat(40), '../x')).rejects.toThrow();
  });
});

describe('a private repository', () => {
  it('is read with its token, which is nowhere on the disk', async () => {
    await host.close();
    host = await startGitHost({ password: 'ghp_topsecret' });
    repository = host.create('shop/web');
    const commit = repository.commit({ a: '1' });
    expect(await readFrom(remote('ghp_topsecret'), commit)).toMatchObject({ files: ['1'] });
    const found = (await allTexts(directory)).filter(
      (text) => text.includes('ghp_topsecret') || text.includes('Z2hwX'),
    );
    expect(found).toEqual([]);
  });

  it('is unreachable with a wrong token, and git asks nobody', async () => {
    await host.close();
    host = await startGitHost({ password: 'right' });
    repository = host.create('shop/web');
    const commit = repository.commit({ a: '1' });
    await expect(readFrom(remote('wrong'), commit)).rejects.toMatchObject({
      code: 'repository_unreachable',
    });
  });
});

describe('reading', () => {
  it('reads several files at a commit, and null where there is none', async () => {
    const commit = repository.commit({
      'slipway.yml': 'steps: []\n',
      'docker/Dockerfile': 'FROM x',
      'ümlaut.txt': 'ü',
    });
    repository.commit({ 'slipway.yml': 'later' });
    expect(
      await filesAt(commit, ['slipway.yml', 'Dockerfile', 'docker', 'ümlaut.txt', 'docker/Dockerfile']),
    ).toEqual(['steps: []\n', null, { names: ['Dockerfile'] }, 'ü', 'FROM x']);
  });

  it('reads which files a folder has, without folders in it', async () => {
    const commit = repository.commit({
      '.slipway/b.yml': 'b',
      '.slipway/ä.yml': 'ä',
      '.slipway/deeper/c.yml': 'c',
      'a.yml': 'a',
    });
    expect(await filesAt(commit, ['.slipway'])).toEqual([{ names: ['b.yml', 'ä.yml'] }]);
  });

  it('tells message, author and time of a commit', async () => {
    const commit = repository.commit({ a: '1' }, 'one\n\ntwo [skip ci]');
    expect((await read(commit, 'refs/heads/main')).info).toEqual({
      message: 'one\n\ntwo [skip ci]',
      author: { name: 'Ada', email: 'ada@example.com' },
      committedAtMs: Number(repository.git('log', '-1', '--format=%ct')) * 1_000,
    });
  });
});

describe('a Git host that counts for long', () => {
  /** The host of these, which begins to send after 6 s. */
  const slowly = async (keepAlive: number) => {
    await host.close();
    host = await startGitHost({ counts: { seconds: 6, keepAlive } });
    repository = host.create('shop/web');
    mirrors = createMirrors({ directory, fetchIdleMs: 3_000 });
    return repository.commit({ a: '1' });
  };

  it('is waited for while it says that it is alive', async () => {
    const commit = await slowly(1);
    expect(await filesAt(commit, ['a'])).toEqual(['1']);
  });

  it('is given up when nothing comes from it, and named with the limit', async () => {
    const commit = await slowly(0);
    await expect(read(commit, 'refs/heads/main')).rejects.toMatchObject({
      code: 'repository_unreachable',
      details: { url: repository.cloneUrl, cause: 'nothing has come from it for 3 seconds' },
    });
    await expect.poll(() => gitProcesses(repository.cloneUrl), { timeout: 10_000 }).toBe('');
  });
});

it('gives up on a Git host that does not answer', async () => {
  const commit = repository.commit({ a: '1' });
  mirrors = createMirrors({ directory, fetchTimeoutMs: 500 });
  host.pause();
  await expect(read(commit, 'refs/heads/main')).rejects.toMatchObject({ code: 'repository_too_slow' });
  await expect.poll(() => gitProcesses(repository.cloneUrl), { timeout: 10_000 }).toBe('');
});

describe('what is included', () => {
  const place = (commit: string) => ({
    projectId: 'prj_1',
    remote: remote(),
    commit,
    ref: 'refs/heads/main',
  });

  it('tells links apart, at the top and in folders', async () => {
    const commit = repository.commit({ 'ci/a.yml': 'a', 'b.yml': 'b' });
    const links = path.join(directory, 'links');
    // The host answers in this process.
    const git = promisify(execFile);
    await git('git', ['clone', '-q', repository.cloneUrl, links]);
    await symlink('a.yml', path.join(links, 'ci/link.yml'));
    await symlink('ci/a.yml', path.join(links, 'link.yml'));
    const here = ['-C', links, '-c', 'user.name=a', '-c', 'user.email=a@b.c'];
    await git('git', [...here, 'add', '.']);
    await git('git', [...here, 'commit', '-qm', 'links']);
    await git('git', [...here, 'push', '-q', 'origin', 'HEAD:refs/heads/links']);
    const linked = (await git('git', [...here, 'rev-parse', 'HEAD'])).stdout.trim();
    const paths = ['ci/a.yml', 'ci/link.yml', 'link.yml', 'b.yml', 'ci', 'gone.yml'];
    const { files, links: found } = await mirrors.readIncluded(place(linked), paths);
    expect([...found].toSorted()).toEqual(['ci/link.yml', 'link.yml']);
    expect([files[0], files[3], files[4], files[5]]).toEqual(['a', 'b', { names: ['a.yml'] }, null]);
    expect((await mirrors.readIncluded(place(commit), ['b.yml'])).links.size).toBe(0);
  });

  it('is given up by its signal, while it is fetched and while it waits for another fetch', async () => {
    const first = repository.commit({ a: '1' });
    await read(first, 'refs/heads/main');
    const [second, third] = [repository.commit({ a: '2' }), repository.commit({ a: '3' })];
    host.pause();
    const signal = AbortSignal.timeout(300);
    const waiting = read(third, 'refs/heads/main', ['a']);
    await expect(mirrors.readIncluded(place(second), ['a'], signal)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    host.resume();
    expect((await waiting).files).toEqual(['3']);
    host.pause();
    const gone = 'd'.repeat(40);
    const late = AbortSignal.timeout(300);
    await expect(mirrors.readIncluded(place(gone), ['a'], late)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    host.resume();
    expect((await mirrors.readIncluded(place(second), ['a'])).files).toEqual(['2']);
    await mirrors.settled();
  });

  it('is fetched for nobody who gave up before its turn came', async () => {
    await read(repository.commit({ a: '1' }), 'refs/heads/main');
    const second = repository.commit({ a: '2' });
    host.pause();
    const waiting = read(second, 'refs/heads/main', ['a']);
    const before = host.requests.length;
    for (const digit of ['a', 'b', 'c']) {
      const given = mirrors.readIncluded(place(digit.repeat(40)), ['a'], AbortSignal.timeout(100));
      await expect(given).rejects.toMatchObject({ name: 'TimeoutError' });
    }
    host.resume();
    expect((await waiting).files).toEqual(['2']);
    await mirrors.settled();
    const ofOne = host.requests.length - before;
    expect(ofOne).toBeLessThan(4);
  });

  it('leaves what is known of branches as it is, also right after another question', async () => {
    const first = repository.commit({ a: '1' });
    await read(first, 'refs/heads/main');
    const gitDir = path.join(directory, 'prj_1.git');
    const tracked = () =>
      execFileSync('git', ['--git-dir', gitDir, 'rev-parse', trackingRef('refs/heads/main')])
        .toString()
        .trim();
    const side = repository.commit({ a: 'side' }, 'side', { branch: 'side' });
    const newer = repository.commit({ a: '2' });
    await read(first, 'refs/heads/main');
    expect((await mirrors.readIncluded(place(side), ['a'])).files).toEqual(['side']);
    expect(newer).not.toBe(first);
    expect(tracked()).toBe(first);
  });
});

describe('aborting', () => {
  it('ends git and every process it started', async () => {
    const commit = repository.commit({ a: '1' });
    const controller = new AbortController();
    mirrors = createMirrors({ directory, signal: controller.signal });
    host.pause();
    const fetching = read(commit, 'refs/heads/main');
    const failure = expect(fetching).rejects.toMatchObject({ name: 'AbortError' });
    await expect
      .poll(() => gitProcesses(repository.cloneUrl), { timeout: 10_000 })
      .toContain('git-remote-http');
    controller.abort();
    await failure;
    await expect.poll(() => gitProcesses(repository.cloneUrl), { timeout: 10_000 }).toBe('');
  });
});

async function allTexts(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(path.join(entry.parentPath, entry.name), 'latin1')));
}

function gitProcesses(url: string): string {
  const list = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes(url) && line.includes('git'))
    .join('\n');
}
