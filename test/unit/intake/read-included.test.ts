import { afterEach, beforeEach, expect, it } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { includedReader } from '../../../src/intake/read-included.ts';
import type { CommitPlace, Mirrors } from '../../../src/ports/repositories.ts';
import { EVENTS } from '../pipeline/support.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const GONE = ['a', 'b', 'c'].map((digit) => digit.repeat(40));

let host: GitHost;
let server: TestServer;
beforeEach(async () => {
  host = await startGitHost();
  server = await startTestServer();
  for (const name of ['shop/web', 'team/shared']) {
    const repository = host.create(name);
    repository.commit({ a: '1' });
    await server.deps.projects.add({ cloneUrl: repository.cloneUrl, path: null, token: null });
  }
  await server.api('PATCH', '/projects/team%2Fshared', { sharedWith: ['*'] });
});
afterEach(async () => {
  await server.close();
  await host.close();
});

async function readerWith(readIncluded: Mirrors['readIncluded'], foreignMs = 60_000) {
  const { store, secrets, log } = server.deps;
  const project = await store.db
    .selectFrom('project')
    .where('path', '=', 'shop/web')
    .selectAll()
    .executeTakeFirstOrThrow();
  const place: CommitPlace = {
    projectId: project.id,
    remote: { url: project.clone_url, credentials: null },
    commit: 'f'.repeat(40),
    ref: 'refs/heads/main',
  };
  const deps = { store, secrets, log, mirrors: { readIncluded } };
  return includedReader(deps, project, EVENTS.push, place, { foreignMs, pauseMs: 20 });
}

const foreign = (commit: string, file = 'a.yml') => ({ origin: { project: 'team/shared', commit }, file });

it('waits for all that is included of other projects no longer than for one of them', async () => {
  const asked: string[] = [];
  const read = await readerWith(({ commit }, _paths, signal) => {
    asked.push(commit);
    return new Promise((_, reject) => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }, 200);
  const startedAt = performance.now();
  const answers = await read(GONE.map((commit) => foreign(commit)));
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(asked).toEqual(GONE.slice(0, 1));
  for (const answer of answers)
    expect(answer).toMatchObject({
      kind: 'unreachable',
      cause: 'its repository was not read within 0 seconds',
    });
});

it('asks a Git host that fails three times, and then for nothing of that project any more', async () => {
  const tries = { left: 2, asked: 0 };
  const failing: Mirrors['readIncluded'] = ({ remote: { url } }) => {
    tries.asked += 1;
    if (tries.left-- > 0) return Promise.reject(new Problem('repository_unreachable', { url, cause: '503' }));
    return Promise.resolve({ files: ['steps: {}'], links: new Set() });
  };
  const [commit = '', other = ''] = GONE;
  expect(await (await readerWith(failing))([foreign(commit)])).toEqual([{ kind: 'file', text: 'steps: {}' }]);
  expect(tries.asked).toBe(3);
  Object.assign(tries, { left: Infinity, asked: 0 });
  const read = await readerWith(failing);
  expect(await read([foreign(commit), foreign(other)])).toMatchObject([
    { kind: 'unreachable', cause: 'its repository could not be read' },
    { kind: 'unreachable' },
  ]);
  expect(await read([foreign(commit, 'b.yml')])).toMatchObject([{ kind: 'unreachable' }]);
  expect(tries.asked).toBe(3);
});

it('asks for no commit again that was refused, and for others of that project still', async () => {
  const asked: string[] = [];
  const read = await readerWith(({ commit, remote: { url } }) => {
    asked.push(commit);
    return Promise.reject(new Problem('commit_missing', { commit, url }));
  });
  const [gone = '', other = ''] = GONE;
  expect(await read([foreign(gone)])).toMatchObject([{ cause: `its project has no commit ${gone}` }]);
  expect(await read([foreign(gone, 'b.yml'), foreign(other)])).toMatchObject([
    { kind: 'refused' },
    { kind: 'refused' },
  ]);
  expect(asked).toEqual([gone, other]);
});

it("goes on failing as a whole where the build's own repository, or the server, fails", async () => {
  const read = await readerWith(() => Promise.reject(new Error('the server stops')));
  await expect(read([foreign(GONE[0] ?? '')])).rejects.toThrow('the server stops');
  await expect(read([{ origin: null, file: 'a.yml' }])).rejects.toThrow('the server stops');
});
