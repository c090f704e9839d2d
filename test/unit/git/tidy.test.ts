import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMirrors, type MirrorOptions } from '../../../src/git/mirrors.ts';
import type { Mirrors } from '../../../src/ports/repositories.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';

const ALWAYS = { packs: -1, looseObjects: -1 };

let host: GitHost;
let repository: HostedRepository;
let scratch: string;
let mirrors: Mirrors;
/** As a server that starts: nothing is remembered but what is on the disk. */
const start = (more: Partial<MirrorOptions> = {}): void => {
  mirrors = createMirrors({ directory: scratch, pruneExpire: 'now', tidyBeyond: ALWAYS, ...more });
};
beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  scratch = await mkdtemp(path.join(tmpdir(), 'slipway-tidy-'));
  start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  host.resume();
  await mirrors.settled();
  await host.close();
  await rm(scratch, { recursive: true, force: true });
});

const read = async (commit: string) => {
  const remote = { url: repository.cloneUrl, credentials: null };
  const place = { projectId: 'prj_1', remote, commit, ref: 'refs/heads/main' };
  return (await mirrors.read(place, ['a'])).files[0];
};
const tidy = (...needed: readonly string[]) => mirrors.tidy('prj_1', () => Promise.resolve(new Set(needed)));
const gitDir = () => path.join(scratch, 'prj_1.git');
const inMirror = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', gitDir(), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const packs = async () =>
  (await readdir(path.join(gitDir(), 'objects/pack'))).filter((name) => name.endsWith('.pack'));
const isThere = (commit: string): boolean => {
  try {
    return inMirror('cat-file', '-t', commit).trim() === 'commit';
  } catch {
    return false;
  }
};
/** Moves main away from its newest commit, and has the mirror follow. */
const forcePush = async (to: string): Promise<string> => {
  repository.git('reset', '-q', '--hard', to);
  const commit = repository.commit({ a: 'forced' }, 'forced');
  expect(await read(commit)).toBe('forced');
  return commit;
};

describe('tidying', () => {
  it('is not worth it for a few pushes, and is for many packs', async () => {
    start({ tidyBeyond: { packs: 3, looseObjects: 1_000 } });
    expect(await tidy()).toBe('tidy already');
    const commits = [];
    for (let n = 0; n < 4; n++) {
      expect(await tidy()).toBe('tidy already');
      commits.push(repository.commit({ a: String(n) }));
      await read(commits.at(-1) ?? '');
      inMirror('repack', '-q');
    }
    expect(await packs()).toHaveLength(4);
    expect(await tidy()).toBe('tidied');
    expect(await packs()).toHaveLength(1);
    expect(await tidy()).toBe('tidy already');
    await host.close();
    for (const [n, commit] of commits.entries()) expect(await read(commit)).toBe(String(n));
  });

  it('keeps what a waiting build needs after a force push, and drops it when nothing needs it', async () => {
    const root = repository.commit({ a: 'root' });
    const waiting = repository.commit({ a: 'waiting' });
    await read(waiting);
    const newest = await forcePush(root);
    execFileSync('git', ['-C', repository.git('remote', 'get-url', 'origin'), 'gc', '-q', '--prune=now']);
    start();
    expect(await tidy(waiting, 'd'.repeat(40))).toBe('tidied');
    expect(await tidy(waiting)).toBe('tidied');
    await host.close();
    expect(await read(waiting)).toBe('waiting');

    start();
    expect(await tidy()).toBe('tidied');
    expect(isThere(waiting)).toBe(false);
    expect(await read(newest)).toBe('forced');
    expect(inMirror('for-each-ref', 'refs/slipway')).toBe('');
  });

  it('keeps a commit that was just asked for, which no record names yet', async () => {
    const root = repository.commit({ a: 'root' });
    const asked = repository.commit({ a: 'asked' });
    await read(asked);
    await forcePush(root);
    expect(await tidy()).toBe('tidied');
    expect(isThere(asked)).toBe(true);
  });

  it('leaves time to compare with a commit that was forced away', async () => {
    const root = repository.commit({ a: 'root' });
    const before = repository.commit({ a: 'before' });
    await read(before);
    await forcePush(root);
    start({ pruneExpire: '2.weeks.ago' });
    expect(await tidy()).toBe('tidied');
    expect(isThere(before)).toBe(true);
  });

  it('keeps the newest commits that were included, and forgets those beyond 100', async () => {
    const first = repository.commit({ a: '1' });
    const side = repository.git('commit-tree', '-m', 'side', `${first}^{tree}`);
    repository.git('push', '-q', 'origin', `${side}:refs/heads/side`);
    const remote = { url: repository.cloneUrl, credentials: null };
    const place = { projectId: 'prj_1', remote, commit: side, ref: 'refs/heads/main' };
    await mirrors.readIncluded(place, ['a']);
    repository.git('push', '-q', 'origin', ':refs/heads/side');
    start();
    expect(await tidy()).toBe('tidied');
    expect(isThere(side)).toBe(true);

    const commits = Array.from(
      { length: 150 },
      (_, at) => `commit refs/heads/import\ncommitter a <a@b.c> ${4_000_000_000 + at} +0000\ndata 1\nx\n`,
    );
    execFileSync('git', ['--git-dir', gitDir(), 'fast-import', '--quiet'], { input: commits.join('') });
    const ids = inMirror('rev-list', 'refs/heads/import').trim().split('\n');
    const lines = ids.map((id) => `create refs/slipway/include/${id} ${id}`);
    execFileSync('git', ['--git-dir', gitDir(), 'update-ref', '--stdin'], { input: lines.join('\n') + '\n' });
    expect(await tidy()).toBe('tidied');
    expect(
      inMirror('for-each-ref', '--format=%(refname)', 'refs/slipway/include/').trim().split('\n'),
    ).toHaveLength(100);
    expect(isThere(side)).toBe(false);
  });

  it('forgets the oldest of very many branches, never what they share', async () => {
    const commit = repository.commit({ a: '1' });
    await read(commit);
    const refs = Array.from({ length: 600 }, (_, n) => `create refs/mirror/old-${n} ${commit}\n`).join('');
    execFileSync('git', ['--git-dir', gitDir(), 'update-ref', '--stdin'], { input: refs });
    await tidy();
    expect(inMirror('for-each-ref', 'refs/mirror').trim().split('\n')).toHaveLength(500);
    expect(isThere(commit)).toBe(true);
  });
});

describe('beside other work', () => {
  it('waits for a fetch that is under way', async () => {
    await read(repository.commit({ a: '1' }));
    const log = await watchedGit();
    const commit = repository.commit({ a: '2' });
    host.pause();
    const reading = read(commit);
    await expect.poll(() => log.lines()).toContain('begin fetch');
    const tidying = tidy();
    await sleep(200);
    expect(await log.lines()).not.toContain('begin gc');
    host.resume();
    expect(await reading).toBe('2');
    expect(await tidying).toBe('tidied');
    const lines = await log.lines();
    expect(lines.indexOf('end fetch')).toBeLessThan(lines.indexOf('begin gc'));
  });

  it('lets what is there be read, and ends at once for what has to be fetched', async () => {
    const first = repository.commit({ a: '1' });
    await read(first);
    const log = await watchedGit({ gcSeconds: 60 });
    const tidying = tidy();
    await expect.poll(() => log.lines()).toContain('begin gc');
    expect(await read(first)).toBe('1');
    await expect.poll(() => log.lines()).toContain('nice 19');
    const second = repository.commit({ a: '2' });
    expect(await read(second)).toBe('2');
    expect(await tidying).toBe('gave way');
    expect(gitProcesses()).not.toContain(' gc ');
  });

  it('ends with the server', async () => {
    const stopping = new AbortController();
    start({ signal: stopping.signal });
    await read(repository.commit({ a: '1' }));
    const log = await watchedGit({ gcSeconds: 60 });
    const tidying = tidy();
    await expect.poll(() => log.lines()).toContain('begin gc');
    stopping.abort();
    expect(await tidying).toBe('gave way');
    await mirrors.settled();
    expect(await tidy()).toBe('gave way');
    await expect.poll(gitProcesses).toBe('');
  });
});

describe('a kill', () => {
  it('at any moment of the packing loses nothing', async () => {
    const commits = [];
    for (let n = 0; n < 3; n++) {
      const files = Array.from({ length: 150 }, (_, i) => [`f${n}/${i}`, `${n} ${i}\n`.repeat(400)] as const);
      commits.push(repository.commit({ ...Object.fromEntries(files), a: String(n) }));
      await read(commits.at(-1) ?? '');
    }
    const root = commits[0] ?? '';
    await forcePush(root);
    commits.push(repository.git('rev-parse', 'HEAD'));
    const ends = [];
    for (const killAfterMs of [1, 5, 10, 20, 30, 40, 60, 80]) {
      start();
      await watchedGit({ killAfterMs });
      ends.push(await tidy(...commits).catch(() => 'killed'));
      vi.unstubAllEnvs();
      inMirror('fsck', '--connectivity-only', '--no-dangling');
      for (const commit of commits) expect(isThere(commit)).toBe(true);
    }
    expect(ends).toContain('killed');
    start();
    expect(await tidy(...commits)).toBe('tidied');
    for (const commit of commits) expect(isThere(commit)).toBe(true);
    const later = repository.commit({ a: 'later' });
    expect(await read(later)).toBe('later');
  });

  it('leaves locks, half packs and the note of a gc, which are gone with the next packing', async () => {
    const commit = repository.commit({ a: '1' });
    await read(commit);
    const left = ['packed-refs.lock', 'objects/pack/tmp_pack_x', 'objects/pack/.tmp-7-pack-x.pack', 'gc.pid'];
    const old = new Date(Date.now() - 2 * 60 * 60_000);
    for (const name of left) {
      await writeFile(path.join(gitDir(), name), `${process.pid} ${hostname()}`);
      await utimes(path.join(gitDir(), name), old, old);
    }
    expect(await tidy()).toBe('tidied');
    const names = await readdir(gitDir(), { recursive: true });
    expect(names.filter((name) => left.includes(name))).toEqual([]);
    expect(isThere(commit)).toBe(true);
  });
});

/**
 * Puts a git first on the PATH that notes what begins and ends, and how nice a gc is. A gc may take its time before it
 * begins, or be killed with all it started.
 */
async function watchedGit({ gcSeconds = 0, killAfterMs = -1 } = {}) {
  const bin = path.join(scratch, 'bin');
  const log = path.join(scratch, 'log');
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  const kill = killAfterMs < 0 ? '' : `(sleep ${killAfterMs / 1000}; kill -9 -$$) &`;
  const script = [
    '#!/bin/sh',
    'for word; do case "$word" in --*) ;; *) break ;; esac; done',
    `echo "begin $word" >> ${log}`,
    `if [ "$word" = gc ]; then echo "nice $(nice)" >> ${log}; sleep ${gcSeconds}; ${kill} fi`,
    `${real} "$@"; code=$?`,
    `echo "end $word" >> ${log}`,
    'exit $code',
  ];
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, 'git'), `${script.join('\n')}\n`);
  await chmod(path.join(bin, 'git'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
  return { lines: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n') };
}

function gitProcesses(): string {
  const list = execFileSync('ps', ['-eo', 'pgid,args'], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes(gitDir()))
    .join('\n');
}
