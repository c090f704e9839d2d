import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/core/plan.ts';
import type { LintProblemView } from '../../../src/core/views/lint-view.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pullRequestPayload, pushPayload } from '../../support/github-payloads.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const step = (name: string, when: string): string =>
  `  - { name: ${name}, image: "busybox:1", commands: [true], when: { ${when} } }\n`;
const FILE = [
  'steps:\n',
  step('always', 'event: push'),
  step('api', 'event: push, path: "api/**"'),
  step('docs', 'event: push, path: "docs/**"'),
  step('pull-api', 'event: pull_request, path: "api/**"'),
  step('pull-docs', 'event: pull_request, path: "docs/**"'),
].join('');

let host: GitHost;
let repository: HostedRepository;
let server: TestServer;
let first: string;
beforeEach(async () => {
  host = await startGitHost();
  repository = host.create('shop/web');
  first = repository.commit({ 'slipway.yml': FILE, 'api/a': '1', 'docs/a': '1', other: '1' });
  server = await startTestServer();
  await server.deps.projects.add({ cloneUrl: repository.cloneUrl, path: null, token: null });
});
afterEach(async () => {
  await server.close();
  await host.close();
});

const on = (branch: string, files: Record<string, string | null>) => {
  if (repository.git('branch', '--list', branch) !== '') repository.git('checkout', '-q', branch);
  return repository.commit(files, 'change', { branch });
};
const push = (commit: string, branch: string, before?: string) =>
  server.deliver(
    'push',
    pushPayload({ repository: 'shop/web', commit, branch, ...(before === undefined ? {} : { before }) }),
  );
const pull = (commit: string, more: { base?: string; before?: string } = {}) =>
  server.deliver(
    'pull_request',
    pullRequestPayload({ repository: 'shop/web', commit, branch: 'topic', ...more }),
  );
const planned = async () => {
  await server.deps.intake.idle();
  const rows = await server.deps.store.db
    .selectFrom('build')
    .leftJoin('workflow', 'workflow.build_id', 'build.id')
    .orderBy('number')
    .selectAll('build')
    .select('plan_json')
    .execute();
  return rows.map((row) => ({
    of: row.event_kind,
    steps: (JSON.parse(row.plan_json ?? '{"steps":[]}') as Plan).steps
      .filter(({ selected }) => selected)
      .map(({ name }) => name),
    says: (JSON.parse(row.problems_json ?? '[]') as LintProblemView[]).map(({ message }) => message),
    told: (JSON.parse(row.event_json) as { changedFiles?: readonly string[] | null }).changedFiles,
  }));
};
const forget = () => {
  const bare = repository.git('remote', 'get-url', 'origin');
  execFileSync('git', ['-C', bare, 'gc', '--quiet', '--prune=now'], { stdio: 'ignore' });
};

describe('a pull request', () => {
  it('changed what its head did since it left its target, whatever the target did since', async () => {
    const commit = on('topic', { 'docs/a': '2' });
    const main = on('main', { 'api/a': '2' });
    await push(main, 'main', first);
    await pull(commit, { base: main });
    expect((await planned()).slice(1)).toEqual([
      { of: 'push', steps: ['always', 'docs'], says: [], told: ['docs/a'] },
      { of: 'pull_request', steps: ['pull-docs'], says: [], told: ['docs/a'] },
    ]);
  });

  it('changed more than its newest push did', async () => {
    const before = on('topic', { 'docs/a': '2' });
    const commit = on('topic', { 'api/a': '2' });
    await push(commit, 'topic', before);
    await pull(commit, { base: first, before });
    expect(await planned()).toEqual([
      { of: 'push', steps: ['always', 'api'], says: [], told: ['api/a'] },
      { of: 'pull_request', steps: ['pull-api', 'pull-docs'], says: [], told: ['api/a', 'docs/a'] },
    ]);
  });

  it('whose delivery comes first makes the push the same build as the push itself would', async () => {
    const before = on('topic', { 'docs/a': '2' });
    const commit = on('topic', { 'api/a': '2' });
    await pull(commit, { base: first, before });
    await server.deps.intake.idle();
    await push(commit, 'topic', before);
    expect(await planned()).toEqual([
      { of: 'push', steps: ['always', 'api'], says: [], told: ['api/a'] },
      { of: 'pull_request', steps: ['pull-api', 'pull-docs'], says: [], told: ['api/a', 'docs/a'] },
    ]);
  });

  it('that moved a file changed both places', async () => {
    const commit = on('topic', { 'api/a': null, 'docs/moved': '1' });
    await pull(commit, { base: first });
    expect((await planned()).at(-1)).toMatchObject({
      steps: ['pull-api', 'pull-docs'],
      told: ['api/a', 'docs/moved'],
    });
  });

  it('without a common ancestor with its target: all conditions hold, and the build says so', async () => {
    repository.git('checkout', '-q', '--orphan', 'topic');
    const commit = repository.commit({ 'docs/a': '2' }, 'change', { branch: 'topic' });
    await pull(commit, { base: first });
    const [, build] = await planned();
    expect(build).toEqual({
      of: 'pull_request',
      steps: ['pull-api', 'pull-docs'],
      says: [
        `The changed files are not known: ${commit.slice(0, 10)} and the branch main have no common ancestor. ` +
          'Every condition on `path` holds.',
      ],
      told: null,
    });
  });
});

describe('a push', () => {
  it('of a new branch changed what it did since it left the default branch', async () => {
    const commit = on('topic', { 'docs/a': '2' });
    await push(on('main', { 'api/a': '2' }), 'main', first);
    await push(commit, 'topic');
    expect((await planned()).at(-1)).toEqual({
      of: 'push',
      steps: ['always', 'docs'],
      says: [],
      told: ['docs/a'],
    });
  });

  it('of the default branch, the first one, changed every file', async () => {
    await push(first, 'main');
    expect((await planned())[0]).toMatchObject({
      steps: ['always', 'api', 'docs'],
      told: ['api/a', 'docs/a', 'other', 'slipway.yml'],
    });
  });

  it('of a merge changed what the merge brought to the branch', async () => {
    on('topic', { 'docs/a': '2' });
    const before = on('main', { other: '2' });
    repository.git('merge', '-q', '--no-ff', '-m', 'merge', 'topic');
    repository.git('push', '-q', 'origin', 'main');
    await push(repository.git('rev-parse', 'HEAD'), 'main', before);
    expect((await planned())[0]).toMatchObject({ steps: ['always', 'docs'], told: ['docs/a'] });
  });

  it('by force changed what differs from the branch as it was', async () => {
    const before = on('main', { 'api/a': '2' });
    repository.git('reset', '-q', '--hard', first);
    const commit = repository.commit({ 'docs/a': '2' }, 'change');
    await push(commit, 'main', before);
    expect((await planned())[0]).toMatchObject({
      steps: ['always', 'api', 'docs'],
      told: ['api/a', 'docs/a'],
    });
  });

  it('whose former commit is gone: all conditions hold, and the build says so', async () => {
    const before = on('main', { 'api/a': '2' });
    repository.git('reset', '-q', '--hard', first);
    const commit = repository.commit({ other: '2' }, 'change');
    forget();
    await push(commit, 'main', before);
    expect(await planned()).toEqual([
      {
        of: 'push',
        steps: ['always', 'api', 'docs'],
        says: [
          `The changed files are not known: the commit before the push, ${before.slice(0, 10)}, is gone. ` +
            'Every condition on `path` holds.',
        ],
        told: null,
      },
    ]);
  });

  it('of more files than steps are told of is held against all of them', async () => {
    const files = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`many/${n}`, '1']));
    const commit = on('main', { ...files, 'docs/a': '2' });
    await push(commit, 'main', first);
    expect(await planned()).toEqual([{ of: 'push', steps: ['always', 'docs'], says: [], told: null }]);
  });
});

it('"run now" and tags are about no change: conditions on paths hold, and nothing is said', async () => {
  await server.api('POST', '/projects/shop%2Fweb/builds', { branch: 'main' });
  expect(await planned()).toMatchObject([{ of: 'manual', says: [] }]);
});
