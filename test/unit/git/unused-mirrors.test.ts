import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMirrors } from '../../../src/git/mirrors.ts';
import type { Mirrors } from '../../../src/ports/repositories.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';

const DAY_MS = 24 * 3_600_000;

let host: GitHost;
let repository: HostedRepository;
let directory: string;
let mirrors: Mirrors;

beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-unused-'));
  mirrors = createMirrors({ directory });
});
afterEach(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

const place = (commit: string) => ({
  projectId: 'prj_1',
  remote: { url: repository.cloneUrl, credentials: null },
  commit,
  ref: 'refs/heads/main',
});
const fileA = async (commit: string) => (await mirrors.read(place(commit), ['a'])).files;
const unneeded = async (): Promise<boolean> => false;
const removeOlder = (days: number, isNeeded = unneeded) =>
  mirrors.removeUnused('prj_1', days * DAY_MS, isNeeded);

async function ageBy(days: number): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  await utimes(path.join(directory, 'prj_1.git', 'slipway-used'), then, then);
}

it('one that nothing used for longer goes, and is made again by who asks next', async () => {
  const commit = repository.commit({ a: '1' });
  expect(await mirrors.lastUse('prj_1')).toBeNull();
  expect(await removeOlder(30)).toBe(false);
  await fileA(commit);
  await ageBy(29);
  expect(await removeOlder(30)).toBe(false);
  await ageBy(31);
  expect(await removeOlder(30)).toBe(true);
  expect(await readdir(directory)).toEqual([]);
  expect(await fileA(commit)).toEqual(['1']);
  expect(Date.now() - ((await mirrors.lastUse('prj_1')) ?? 0)).toBeLessThan(60_000);
  expect(await removeOlder(30)).toBe(false);
});

it('a read notes its use, also by another process, and one of an earlier version counts from now on', async () => {
  const commit = repository.commit({ a: '1' });
  await fileA(commit);
  await ageBy(31);
  mirrors = createMirrors({ directory });
  await fileA(commit);
  expect(await removeOlder(30)).toBe(false);
  await rm(path.join(directory, 'prj_1.git', 'slipway-used'));
  expect(await removeOlder(0)).toBe(false);
  await ageBy(31);
  expect(await removeOlder(30)).toBe(true);
});

it('stays while a waiting build needs a commit of it, while it is younger than an hour, and while a bundle is read', async () => {
  repository.commit({ big: randomBytes(3_000_000).toString('base64') });
  const commit = repository.commit({ a: '1' });
  await fileA(commit);
  expect(await removeOlder(0)).toBe(false);
  const giving = new AbortController();
  const bundle = await mirrors.bundle(place(commit), [], giving.signal);
  const parts = bundle[Symbol.asyncIterator]();
  await parts.next();
  await ageBy(31);
  expect(await removeOlder(30)).toBe(false);
  for (let part = await parts.next(); part.done !== true;) part = await parts.next();
  expect(await removeOlder(30, async () => true)).toBe(false);
  expect(await fileA(commit)).toEqual(['1']);
  const unread = await mirrors.bundle(place(commit), [], giving.signal);
  await ageBy(31);
  expect(await removeOlder(30)).toBe(false);
  giving.abort();
  expect(unread).toBeDefined();
  expect(await removeOlder(30)).toBe(true);
});

it('who asks while it goes waits for the end of that and gets the commit', async () => {
  const commit = repository.commit({ a: '1' });
  await fileA(commit);
  await ageBy(31);
  const asked = Promise.withResolvers<void>();
  const removal = removeOlder(30, async () => {
    asked.resolve();
    return false;
  });
  await asked.promise;
  const [gone, ...files] = await Promise.all([removal, ...Array.from({ length: 5 }, () => fileA(commit))]);
  expect(typeof gone).toBe('boolean');
  expect(files).toEqual(Array.from({ length: 5 }, () => ['1']));
});
