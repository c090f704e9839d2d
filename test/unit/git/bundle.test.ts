import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createMirrors } from '../../../src/git/mirrors.ts';
import type { Mirrors } from '../../../src/ports/repositories.ts';
import { unbundle } from '../../../worker/checkout/unbundle.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';

let host: GitHost;
let repository: HostedRepository;
let directory: string;
let mirrors: Mirrors;
let count = 0;

beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-bundle-'));
  mirrors = createMirrors({ directory });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

const live = (): AbortSignal => new AbortController().signal;
const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** The bundle's stream; its commit is looked for on `ref`. */
const open = (commit: string, have: readonly string[] = [], signal = live(), ref = 'refs/heads/main') =>
  mirrors.bundle(
    { projectId: 'prj_1', remote: { url: repository.cloneUrl, credentials: null }, commit, ref },
    have,
    signal,
  );

/** The bundle as a file. */
async function bundle(...[commit, have, signal, ref]: Parameters<typeof open>): Promise<string> {
  const file = path.join(directory, `${(count += 1)}.bundle`);
  await pipeline(Readable.from(await open(commit, have, signal, ref)), createWriteStream(file));
  return file;
}

it('is one that git takes: a commit, its history and the tags', async () => {
  repository.commit({ a: '1' });
  repository.git('tag', '-a', 'v1', '-m', 'one');
  repository.git('push', '--quiet', 'origin', 'v1');
  const commit = repository.commit({ a: '2' });
  const file = await bundle(commit);
  const clone = path.join(directory, 'clone');
  git('init', '--quiet', clone);
  expect(git('-C', clone, 'bundle', 'verify', file)).toContain('records a complete history');
  git('-C', clone, 'fetch', '--quiet', file, 'refs/*:refs/*');
  expect(git('-C', clone, 'describe', commit)).toMatch(/^v1-1-g/);
  git('-C', clone, 'fsck', '--strict');
});

it('leaves out what its reader has, and names it as needed', async () => {
  const heavy = Array.from({ length: 40_000 }, (_, index) => (index * 7919) % 104_729).join('\n');
  const first = repository.commit({ a: '1', heavy });
  repository.git('tag', '-a', 'v1', '-m', 'one');
  repository.git('push', '--quiet', 'origin', 'v1');
  const second = repository.commit({ a: '2' });
  const tag = repository.git('rev-parse', 'v1').trim();
  const [all, rest] = [await bundle(second), await bundle(second, [first, tag, 'd'.repeat(40)])];
  expect((await stat(all)).size).toBeGreaterThan(50_000);
  expect((await stat(rest)).size).toBeLessThan(1_000);
  const head = (await readFile(rest, 'latin1')).split('\n\n')[0];
  expect(head).toBe(
    [
      '# v2 git bundle',
      `-${first}`,
      `-${tag}`,
      `${second} refs/slipway/commits/${second}`,
      `${tag} refs/tags/v1`,
    ].join('\n'),
  );
  expect(host.requests.filter((line) => line.startsWith('GET'))).toHaveLength(1);
});

it('has a tag that came to a commit which the mirror had', async () => {
  const commit = repository.commit({ a: '1' });
  await bundle(commit);
  repository.git('tag', 'v1');
  repository.git('push', '--quiet', 'origin', 'v1');
  const file = await bundle(commit, [commit], live(), 'refs/tags/v1');
  expect(await readFile(file, 'latin1')).toContain(`${commit} refs/tags/v1\n`);
});

it('goes without a tag that cannot be had, as long as the commit is there', async () => {
  const commit = repository.commit({ a: '1' });
  await bundle(commit);
  await host.close();
  expect(await readFile(await bundle(commit, [], live(), 'refs/tags/v1'), 'latin1')).toContain(commit);
  await expect(bundle('d'.repeat(40))).rejects.toMatchObject({ code: 'repository_unreachable' });
});

/** From now on, git counts for so long before it packs; until the end of the test. */
async function slowDown(seconds: number): Promise<void> {
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const slow = path.join(directory, 'slow');
  await mkdir(slow);
  const wait = `case "$*" in *pack-objects*) sleep ${seconds};; esac`;
  await writeFile(path.join(slow, 'git'), `#!/bin/sh\n${wait}\nexec ${real} "$@"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${slow}:${process.env['PATH'] ?? ''}`);
}

it('goes on arriving while git still counts, and is as good', async () => {
  const commit = repository.commit({ a: '1' });
  await slowDown(1);
  mirrors = createMirrors({ directory, keepAliveMs: 100 });
  const parts: Uint8Array[] = [];
  for await (const part of await open(commit)) parts.push(part);
  const [, ...rest] = parts.map((part) => Buffer.from(part).toString('latin1'));
  const again = rest.slice(0, rest.indexOf('\n'));
  expect(again.length).toBeGreaterThanOrEqual(2);
  expect(new Set(again)).toEqual(new Set([`${commit} refs/slipway/commits/${commit}\n`]));
  const file = path.join(directory, 'slow.bundle');
  await writeFile(file, Buffer.concat(parts));
  const verified = git('-C', directory, '--git-dir', 'prj_1.git', 'bundle', 'verify', file);
  expect(verified).toContain('complete');
  const bare = path.join(directory, 'reader.git');
  git('init', '--quiet', '--bare', bare);
  const stream = (async function* () {
    yield* parts;
  })();
  const refs = await unbundle(bare, Promise.resolve(stream), live());
  expect([...(refs ?? [])]).toEqual([[`refs/slipway/commits/${commit}`, commit]]);
  expect(git('--git-dir', bare, 'show', `${commit}:a`)).toBe('1');
});

it('breaks off, and ends its git, when that counts for too long', async () => {
  const commit = repository.commit({ a: '1' });
  await slowDown(60);
  mirrors = createMirrors({ directory, keepAliveMs: 50, countingMs: 300 });
  let lines = 0;
  const reading = (async () => {
    for await (const part of await open(commit)) lines += part.length > 0 ? 1 : 0;
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'git_failed',
    details: { command: 'pack-objects', cause: 'it has not begun to write for 0.3 s' },
  });
  expect(lines).toBeGreaterThanOrEqual(2);
  await expect.poll(gits).toEqual([]);
});

it('breaks off when the mirror is damaged, and the next one is whole', async () => {
  const commit = repository.commit({ a: '1', b: 'b'.repeat(10_000) });
  await bundle(commit);
  // As a crash of the machine leaves it: the commit is there, a file of it is not.
  const mirror = path.join(directory, 'prj_1.git');
  const pack = path.join(directory, 'whole.pack');
  execFileSync('sh', ['-c', `mv ${mirror}/objects/pack/*.pack ${pack}; rm -f ${mirror}/objects/pack/*`]);
  execFileSync('sh', ['-c', `git --git-dir ${mirror} unpack-objects -q <${pack}`]);
  const blob = repository.git('rev-parse', `${commit}:b`).trim();
  await rm(path.join(mirror, 'objects', blob.slice(0, 2), blob.slice(2)));
  mirrors = createMirrors({ directory });
  await expect(bundle(commit)).rejects.toMatchObject({ code: 'git_failed' });
  const file = await bundle(commit);
  expect(git('-C', directory, '--git-dir', 'prj_1.git', 'bundle', 'verify', file)).toContain('complete');
});

it('ends its git when nobody reads on', async () => {
  const parts = Array.from({ length: 64 }, (_, index) => [
    `f${index}`,
    randomBytes(200_000).toString('base64'),
  ]);
  const commit = repository.commit(Object.fromEntries(parts) as Record<string, string>);
  const controller = new AbortController();
  const stream = await open(commit, [], controller.signal);
  const reader = stream[Symbol.asyncIterator]();
  await reader.next();
  await reader.next();
  expect(await gits()).not.toEqual([]);
  controller.abort(new Error('gone'));
  await expect(
    (async () => {
      while ((await reader.next()).done !== true);
    })(),
  ).rejects.toMatchObject({ code: 'git_failed' });
  await expect.poll(gits).toEqual([]);
});

/** Ids of the processes that work in the folder. */
async function gits(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')]),
  );
  return lines.flatMap(([pid = '', line = '']) =>
    line.includes(directory) && line.includes('pack-objects') ? [pid] : [],
  );
}
