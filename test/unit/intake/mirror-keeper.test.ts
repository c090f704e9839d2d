import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMirrors } from '../../../src/git/mirrors.ts';
import { createMirrorKeeper } from '../../../src/intake/mirror-keeper.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const FILE = 'steps:\n  - { name: unit, image: "busybox:1", commands: [true] }\n';

let host: GitHost;
let repository: HostedRepository;
let directory: string;
let server: TestServer;
beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-keeper-'));
  server = await startTestServer({ directory });
});
afterEach(async () => {
  await server.close();
  await host.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

const settled = { unusedMs: null, isDiskLow: async () => false };
const keeper = () =>
  createMirrorKeeper({
    ...settled,
    store: server.deps.store,
    log: server.deps.log,
    mirrors: createMirrors({
      directory: path.join(directory, 'mirrors'),
      pruneExpire: 'now',
      tidyBeyond: { packs: -1, looseObjects: -1 },
    }),
  });
const push = async (commit: string, before?: string) => {
  const payload = pushPayload({
    repository: 'shop/web',
    commit,
    ...(before === undefined ? {} : { before }),
  });
  await server.deliver('push', payload);
  await server.deps.intake.idle();
};
const inMirror = (projectId: string, ...args: string[]): string =>
  execFileSync('git', ['--git-dir', path.join(directory, 'mirrors', `${projectId}.git`), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

it('a waiting build has its commit after a force push and a packing, until it has ended', async () => {
  const first = repository.commit({ 'slipway.yml': FILE });
  const { projectId } = await server.deps.projects.add({
    cloneUrl: repository.cloneUrl,
    path: null,
    token: null,
  });
  const waiting = repository.commit({ a: 'waiting' });
  await push(waiting, first);
  repository.git('reset', '-q', '--hard', first);
  const forced = repository.commit({ a: 'forced' }, 'forced');
  await push(forced, waiting);
  execFileSync('git', ['-C', repository.git('remote', 'get-url', 'origin'), 'gc', '-q', '--prune=now']);

  await keeper().round();
  expect(inMirror(projectId, 'cat-file', '-p', `${waiting}:a`)).toBe('waiting');
  expect(inMirror(projectId, 'for-each-ref', '--format=%(refname)', 'refs/slipway').split('\n')).toContain(
    `refs/slipway/commits/${waiting}`,
  );
  await host.close();
  const [build] = await server.deps.store.db.selectFrom('build').orderBy('number').selectAll().execute();
  expect(build).toMatchObject({ commit: waiting, status: 'pending' });

  await server.deps.builds.cancelBuild(build?.id ?? '', 'no longer wanted');
  await keeper().round();
  expect(() => inMirror(projectId, 'cat-file', '-t', waiting)).toThrow();
  expect(inMirror(projectId, 'cat-file', '-p', `${forced}:a`)).toBe('forced');
});

it('one mirror that cannot be packed does not keep the others from it', async () => {
  const seen: string[] = [];
  repository.commit({ 'slipway.yml': FILE });
  for (const name of ['shop/web', 'shop/app'])
    await server.deps.projects.add({ cloneUrl: repository.cloneUrl, path: name, token: null });
  const mirrors = createMirrors({ directory });
  const broken = createMirrorKeeper({
    ...settled,
    store: server.deps.store,
    log: server.deps.log,
    mirrors: {
      ...mirrors,
      tidy: (projectId) => {
        seen.push(projectId);
        return seen.length === 1 ? Promise.reject(new Error('broken')) : Promise.resolve('tidied');
      },
    },
  });
  await broken.round();
  expect(new Set(seen).size).toBe(2);
  expect(server.logged.join('')).toContain('the mirror was not packed');
});

it('removes what was unused for too long, and on a full disk the longest unused first, but none that a build waits for', async () => {
  const commit = repository.commit({ 'slipway.yml': FILE });
  const ids: string[] = [];
  const directoryOf = path.join(directory, 'others'); // the server fetches ahead into its own
  const mirrors = createMirrors({ directory: directoryOf });
  const remote = { url: repository.cloneUrl, credentials: null };
  const daysAgo = (days: number): Date => new Date(Date.now() - days * 24 * 3_600_000);
  const age = (id: string, days: number): Promise<void> =>
    utimes(path.join(directoryOf, `${id}.git`, 'slipway-used'), daysAgo(days), daysAgo(days));
  for (const [name, days] of Object.entries({ web: 3, old: 40, ago: 5, now: 0 })) {
    const project = { cloneUrl: repository.cloneUrl, path: `shop/${name}`, token: null };
    const { projectId } = await server.deps.projects.add(project);
    ids.push(projectId);
    await mirrors.read({ projectId, remote, commit, ref: 'refs/heads/main' }, []);
    await age(projectId, days);
  }
  const [web = '', old = '', ago = '', now = ''] = ids;
  const left = async () => ids.filter((id) => existsSync(path.join(directoryOf, `${id}.git`)));
  const { store, log } = server.deps;
  let lowFor = 0;
  const look = (unusedDays: number) =>
    createMirrorKeeper({
      ...{ store, log, mirrors },
      unusedMs: unusedDays * 24 * 3_600_000,
      isDiskLow: async () => (lowFor -= 1) >= 0,
    });
  await look(30).round();
  expect(await left()).toEqual([web, ago, now]);
  await server.deps.projects.runNow(ago, { branch: 'main', inputs: {} });
  await server.deps.intake.idle();
  await age(ago, 50);
  lowFor = 100;
  await look(30).round();
  expect(await left()).toEqual([ago, now]);
  expect(server.logged.join('')).toContain(old);
});
