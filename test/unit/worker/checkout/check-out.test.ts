import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMirrors } from '../../../../src/git/mirrors.ts';
import type { Mirrors as ServerMirrors } from '../../../../src/ports/repositories.ts';
import { forgetOldCommits } from '../../../../worker/checkout/mirror-refs.ts';
import { checkOut, type CheckOut } from '../../../../worker/checkout/check-out.ts';
import { openMirrors, type Mirrors } from '../../../../worker/checkout/mirrors.ts';
import {
  startGitHost,
  type GitHost,
  type GitHostOptions,
  type HostedRepository,
} from '../../../support/git-host.ts';

let scratch: string;
let behaviour: GitHostOptions;
let host: GitHost;
let repository: HostedRepository;
let mirrors: Mirrors;
let onServer: ServerMirrors;
/** Ids that each request named as there, and the bytes of each answer. */
let asked: { have: readonly string[]; bytes: number }[];
let said: string[];
let count = 0;

beforeEach(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'checkout-test-'));
  behaviour = {};
  host = await startGitHost(behaviour);
  repository = host.create('shop/web');
  mirrors = await openMirrors(path.join(scratch, 'mirrors'));
  onServer = createMirrors({ directory: path.join(scratch, 'server') });
  asked = [];
  said = [];
});

afterEach(async () => {
  await host.close();
  rmSync(scratch, { recursive: true, force: true });
});

const work = (commit: string, more: Partial<CheckOut> = {}): CheckOut => ({
  mirrors,
  projectId: 'prj_1',
  url: repository.cloneUrl,
  ref: 'refs/heads/main',
  commit,
  source: sourceOf(commit, more.ref),
  directory: path.join(scratch, `work${count++}`),
  signal: new AbortController().signal,
  log: {
    write: () => Promise.resolve(),
    say: async (line) => void said.push(line),
    end: () => Promise.resolve(0),
  },
  ...more,
});

/** What the server answers, from a mirror of its own. */
function sourceOf(commit: string, ref = 'refs/heads/main', cutAt = Infinity): CheckOut['source'] {
  return async (have, signal) => {
    const request = { have, bytes: 0 };
    asked.push(request);
    const place = {
      projectId: 'prj_1',
      remote: { url: repository.cloneUrl, credentials: null },
      commit,
      ref,
    };
    return counted(await onServer.bundle(place, have, signal), request, cutAt);
  };
}

async function* counted(
  bundle: AsyncIterable<Uint8Array>,
  request: { bytes: number },
  cutAt: number,
): AsyncGenerator<Uint8Array> {
  for await (const part of bundle) {
    request.bytes += part.length;
    if (request.bytes > cutAt) {
      yield part.subarray(0, -1);
      throw new Error('cut');
    }
    yield part;
  }
}

const gitIn = (directory: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8' }).trim();
const uploads = (): number => host.requests.filter((line) => line.startsWith('POST ')).length;

test('checks out the commit with a .git that works when the mirror is gone', async () => {
  repository.commit({ 'a.txt': 'one' });
  repository.git('tag', '-a', 'v1.0', '-m', 'one');
  repository.git('push', '--quiet', 'origin', 'v1.0');
  const commit = repository.commit({ 'a.txt': 'two', 'src/b.txt': 'b' });
  const wanted = work(commit);
  expect(await checkOut(wanted)).toEqual({ status: 'success', reason: null, exitCode: null });
  rmSync(path.join(scratch, 'mirrors'), { recursive: true });
  expect(readFileSync(path.join(wanted.directory, 'a.txt'), 'utf8')).toBe('two');
  expect(gitIn(wanted.directory, 'describe')).toMatch(/^v1\.0-1-g/);
  expect(gitIn(wanted.directory, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('main');
  expect(gitIn(wanted.directory, 'status', '--porcelain')).toBe('');
  expect(gitIn(wanted.directory, 'remote', 'get-url', 'origin')).toBe(repository.cloneUrl);
  gitIn(wanted.directory, 'fsck', '--strict');
});

test('fetches a commit once, however many ask for it at once and afterwards', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => checkOut(work(commit))));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill('success'));
  expect(uploads()).toBeLessThanOrEqual(2); // protocol 2: ls-refs and one fetch
  expect(asked).toHaveLength(1);
  await checkOut(work(commit));
  expect(asked).toHaveLength(1);
});

test('gets a commit that a force push has taken off its branch, while the host still has it', async () => {
  const before = repository.commit({ 'a.txt': 'one' });
  const commit = repository.commit({ 'a.txt': 'two' });
  repository.forcePush('main', before);
  expect(await checkOut(work(commit))).toMatchObject({ status: 'success' });
});

test('falls back to the ref where the host serves no commit by its name', async () => {
  repository.commit({ 'a.txt': 'one' });
  const commit = repository.commit({ 'a.txt': 'two' });
  repository.commit({ 'a.txt': 'three' });
  behaviour.oldProtocol = true;
  expect(await checkOut(work(commit))).toMatchObject({ status: 'success' });
});

test('says that a commit is missing, and calls it a failure', async () => {
  repository.commit({ 'a.txt': 'one' });
  const outcome = await checkOut(work('1'.repeat(40)));
  expect(outcome.status).toBe('failure');
  expect(outcome.reason).toContain(`Commit ${'1'.repeat(40)} is not in ${repository.cloneUrl}`);
});

test('names the ref of a deleted branch as a missing commit, not as an unreachable host', async () => {
  repository.commit({ 'a.txt': 'one' });
  const outcome = await checkOut(work('2'.repeat(40), { ref: 'refs/heads/gone' }));
  expect(outcome).toMatchObject({ status: 'failure' });
});

test('ends as an error that names the address when nobody answers there', async () => {
  const commit = '3'.repeat(40);
  await host.close();
  const outcome = await checkOut(work(commit));
  expect(outcome.status).toBe('error');
  expect(outcome.reason).toContain(repository.cloneUrl);
});

test('ends within a second when it is cancelled, and leaves no git behind', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  host.pause();
  const controller = new AbortController();
  const outcome = checkOut(work(commit, { signal: controller.signal }));
  await expect.poll(() => host.requests.length).toBe(1);
  const startedMs = Date.now();
  controller.abort(new Error('cancelled'));
  expect(await outcome).toMatchObject({ status: 'cancelled' });
  expect(Date.now() - startedMs).toBeLessThan(1_000);
  const ofWorker = path.join(scratch, 'mirrors');
  await expect.poll(() => gitProcesses([ofWorker])).toEqual([]);
});

test('keeps a fetch going for those who still want it when one of them is cancelled', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  const controller = new AbortController();
  const one = checkOut(work(commit, { signal: controller.signal }));
  const two = checkOut(work(commit));
  controller.abort(new Error('cancelled'));
  expect(await one).toMatchObject({ status: 'cancelled' });
  expect(await two).toMatchObject({ status: 'success' });
});

test('works on after a killed fetch has left its locks', async () => {
  const first = repository.commit({ 'a.txt': 'one' });
  await checkOut(work(first));
  const [name = ''] = readdirSync(path.join(scratch, 'mirrors'));
  const mirror = path.join(scratch, 'mirrors', name);
  writeFileSync(path.join(mirror, 'packed-refs.lock'), '');
  writeFileSync(path.join(mirror, `refs/slipway/commits/${first}.lock`), '');
  mirrors = await openMirrors(path.join(scratch, 'mirrors')); // the worker was started again
  const second = repository.commit({ 'a.txt': 'two' });
  expect(await checkOut(work(second))).toMatchObject({ status: 'success' });
  expect(existsSync(path.join(mirror, 'packed-refs.lock'))).toBe(false);
});

test('makes a damaged mirror anew', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  await checkOut(work(commit));
  const [name = ''] = readdirSync(path.join(scratch, 'mirrors'));
  const packs = path.join(scratch, 'mirrors', name, 'objects/pack');
  for (const file of readdirSync(packs)) rmSync(path.join(packs, file));
  writeFileSync(path.join(scratch, 'mirrors', name, 'HEAD'), '');
  const wanted = work(commit);
  expect(await checkOut(wanted)).toMatchObject({ status: 'success' });
  expect(readFileSync(path.join(wanted.directory, 'a.txt'), 'utf8')).toBe('one');
});

test.each([
  ['lost its packs', 'objects/pack'],
  ['was removed', '.'],
])('makes a mirror anew that %s while the worker runs', async (_, part) => {
  const commit = repository.commit({ 'a.txt': 'one' });
  await checkOut(work(commit));
  rmSync(path.join(scratch, 'mirrors/prj_1.git', part), { recursive: true });
  const wanted = work(commit);
  expect(await checkOut(wanted)).toMatchObject({ status: 'success' });
  gitIn(wanted.directory, 'fsck', '--strict');
});

test.each(['empty', 'cut', 'zeroed'] as const)(
  'makes a mirror anew of which a power cut has left packs, indexes or refs %s',
  async (how) => {
    for (const place of ['objects/pack', 'refs/slipway/commits', 'refs/tags']) {
      const commit = repository.commit({ 'a.txt': `${how} ${place}` });
      repository.git('tag', '-f', 'v1');
      repository.git('push', '--quiet', '--force', 'origin', 'v1');
      await checkOut(work(commit));
      const folder = path.join(scratch, 'mirrors/prj_1.git', place);
      for (const name of readdirSync(folder)) {
        const file = path.join(folder, name);
        const { size } = statSync(file);
        chmodSync(file, 0o644);
        if (how === 'zeroed') writeFileSync(file, Buffer.alloc(size));
        else truncateSync(file, how === 'empty' ? 0 : Math.floor(size / 2));
      }
      mirrors = await openMirrors(path.join(scratch, 'mirrors')); // the worker was started again
      const again = work(commit);
      expect(await checkOut(again), `${how} ${place}: ${said.join('\n')}`).toMatchObject({
        status: 'success',
      });
      gitIn(again.directory, 'fsck', '--strict');
      const later = work(repository.commit({ 'a.txt': `${how} ${place} later` }));
      expect(await checkOut(later), `${how} ${place}, later`).toMatchObject({ status: 'success' });
    }
  },
);

test('asks git for the refs of a mirror once, and remembers what it brings', async () => {
  await checkOut(work(repository.commit({ 'a.txt': 'one' })));
  const second = repository.commit({ 'a.txt': 'two' });
  await checkOut(work(second));
  // Behind the back of the process that owns the mirror: it does not look again.
  gitIn(path.join(scratch, 'mirrors/prj_1.git'), 'update-ref', '-d', `refs/slipway/commits/${second}`);
  expect(await checkOut(work(second))).toMatchObject({ status: 'success' });
  expect(asked).toHaveLength(2);
});

test('says what it does not bring yet: submodules and Git LFS', async () => {
  const commit = repository.commit({
    '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = http://example.com/x.git\n',
    '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
  });
  await checkOut(work(commit));
  expect(said.join('\n')).toMatch(/submodules\. They are not checked out yet/);
  expect(said.join('\n')).toMatch(/Git LFS\. Its files are not fetched yet/);
});

test('prunes the mirrors that nobody used for the age, and none that is held', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  const lease = await mirrors.lease(work(commit));
  expect(await mirrors.prune(0)).toBe(0);
  lease.release();
  expect(await mirrors.prune(60_000)).toBe(0);
  expect(statSync(lease.directory).isDirectory()).toBe(true);
  expect(await mirrors.prune(0)).toBe(1);
  expect(existsSync(lease.directory)).toBe(false);
});

test('forgets all but its newest commits, and brings one of the others again', async () => {
  const commits = ['one', 'two', 'three'].map((text) => repository.commit({ 'a.txt': text }));
  for (const commit of commits) await checkOut(work(commit));
  const mirror = path.join(scratch, 'mirrors', 'prj_1.git');
  const known = (): string[] => gitIn(mirror, 'for-each-ref', '--format=%(refname:lstrip=3)').split('\n');
  expect(known().sort()).toEqual([...commits].sort());
  await forgetOldCommits(mirror, 1);
  expect(known()).toHaveLength(1);
  mirrors = await openMirrors(path.join(scratch, 'mirrors')); // only a mirror's own process forgets
  for (const commit of commits) expect(await checkOut(work(commit))).toMatchObject({ status: 'success' });
  expect(known().sort()).toEqual([...commits].sort());
});

test('refuses names that git could take for options or commands', async () => {
  repository.commit({ 'a.txt': 'one' });
  for (const wrong of [
    { commit: '--upload-pack=x' },
    { ref: '--exec=x' },
    { url: 'ext::sh -c true' },
    { url: '/etc' },
    { projectId: '../x' },
  ])
    expect((await checkOut(work('4'.repeat(40), wrong))).status).toBe('error');
  expect(asked).toEqual([]);
});

test('asks for no more than what the mirror lacks', async () => {
  const weight = Array.from({ length: 40_000 }, (_, index) => (index * 7919) % 104_729).join('\n');
  await checkOut(work(repository.commit({ 'a.txt': 'one', 'heavy.txt': weight })));
  repository.git('tag', '-a', 'v1', '-m', 'one');
  repository.git('push', '--quiet', 'origin', 'v1');
  await checkOut(work(repository.commit({ 'a.txt': 'two' })));
  const wanted = work(repository.commit({ 'a.txt': 'three' }));
  await checkOut(wanted);
  const [all, ...later] = asked.map(({ bytes }) => bytes);
  expect(all).toBeGreaterThan(50_000);
  for (const bytes of later) expect(bytes).toBeLessThan(1_500);
  expect(gitIn(wanted.directory, 'describe')).toMatch(/^v1-2-g/);
  gitIn(wanted.directory, 'fsck', '--strict');
});

test('starts git for the pack and for the files only, when a commit comes without a new tag', async () => {
  repository.commit({ 'a.txt': 'one' });
  repository.git('tag', 'v1');
  repository.git('push', '--quiet', 'origin', 'v1');
  await checkOut(work(repository.commit({ 'a.txt': 'two' })));
  const commit = repository.commit({ 'a.txt': 'three' });
  const [bundle, bin, started] = [
    [] as Uint8Array[],
    path.join(scratch, 'bin'),
    path.join(scratch, 'started'),
  ];
  const wanted = work(commit);
  for await (const part of await wanted.source([], new AbortController().signal)) bundle.push(part);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  mkdirSync(bin);
  const script = `#!/bin/sh\necho "$*" >> '${started}'\nexec '${real}' "$@"\n`;
  writeFileSync(path.join(bin, 'git'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
  const source: CheckOut['source'] = async () => Readable.from(bundle);
  const outcome = await checkOut({ ...wanted, source }).finally(() => vi.unstubAllEnvs());
  expect(outcome).toMatchObject({ status: 'success' });
  const lines = readFileSync(started, 'utf8').trim().split('\n');
  const commands = lines.map((line) => /index-pack|checkout(?= --quiet)/.exec(line)?.[0] ?? line);
  expect(commands).toEqual(['index-pack', 'checkout']);
  const mirror = path.join(scratch, 'mirrors', 'prj_1.git');
  expect(gitIn(mirror, 'rev-parse', `refs/slipway/commits/${commit}`)).toBe(commit);
  expect(gitIn(wanted.directory, 'describe', '--tags')).toMatch(/^v1-2-g/);
});

test('asks again when the answer breaks off, and makes nothing of half an answer', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  const sources = [0, 1, 300].map((cutAt) => sourceOf(commit, 'refs/heads/main', cutAt));
  const wanted = work(commit);
  const whole = wanted.source;
  const source: typeof whole = (have, signal) => (sources.shift() ?? whole)(have, signal);
  expect(await checkOut({ ...wanted, source })).toMatchObject({ status: 'success' });
  expect(sources).toEqual([]);
  expect(readFileSync(path.join(wanted.directory, 'a.txt'), 'utf8')).toBe('one');
});

test('brings by itself what it waited for with one whose lease ended', async () => {
  const commit = repository.commit({ a: '1' });
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const first = checkOut(work(commit, { source: () => promise }));
  const second = checkOut(work(commit));
  reject(new Error('The lease is lost'));
  await expect(first).rejects.toThrow('The lease is lost');
  expect(await second).toMatchObject({ status: 'success' });
});

test('ends as an error when the answer always breaks off', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  const outcome = await checkOut(work(commit, { source: sourceOf(commit, 'refs/heads/main', 1) }));
  expect(outcome.status).toBe('error');
  expect(outcome.reason).toContain('broke off');
});

test('brings a tag that comes to a commit it has already, and moves and removes tags as the host does', async () => {
  const commit = repository.commit({ 'a.txt': 'one' });
  await checkOut(work(commit));
  repository.git('tag', '-a', 'v1', '-m', 'one');
  repository.git('push', '--quiet', 'origin', 'v1');
  const tagged = work(commit, { ref: 'refs/tags/v1' });
  await checkOut(tagged);
  expect(gitIn(tagged.directory, 'describe')).toBe('v1');
  repository.git('push', '--quiet', 'origin', ':refs/tags/v1');
  repository.git('tag', '-d', 'v1');
  repository.git('tag', 'v1/x');
  repository.git('push', '--quiet', 'origin', 'v1/x');
  const later = work(repository.commit({ 'a.txt': 'two' }));
  await checkOut(later);
  expect(gitIn(later.directory, 'tag')).toBe('v1/x');
});

/** Command lines of the git processes that name one of the texts. */
function gitProcesses(texts: readonly string[]): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((line) => /git/.test(line.split(' ')[0] ?? '') && texts.some((text) => line.includes(text)));
}
