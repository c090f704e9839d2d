import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommitCheck } from '../../../src/core/commit-check.ts';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import type { GitHost, HostAnswer, HostRepository } from '../../../src/ports/git-host.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';

let github: GithubServer;
let host: GitHost;
let now: number;
let byApp: HostRepository;
beforeEach(async () => {
  github = await startGithubServer();
  const id = randomInt(100, 1e9);
  github.repositories.add('shop/web');
  github.app.installations.set('shop/web', { id, permissions: ['statuses', 'checks'] });
  byApp = { name: 'shop/web', access: { kind: 'app', installation: String(id) } };
  now = Date.now();
  host = connectGithub({ api: github.url, app: github.app, clock: { nowMs: () => now } });
});
afterEach(async () => {
  await github.close();
  expect(github.violations).toEqual([]);
});

const checkOf = (annotations: number): CommitCheck => ({
  ...{ name: 'slipway/tests', id: 'bld_1', commit: 'a'.repeat(40), conclusion: 'failure' },
  ...{
    title: `${annotations} failed`,
    summary: 'All of them.',
    detailsUrl: 'https://ci.example/builds/bld_1',
  },
  ...{ startedAtMs: 1_763_000_000_123, finishedAtMs: 1_763_000_001_456 },
  annotations: Array.from({ length: annotations }, (_, n) => ({
    ...{ path: 'src/a.ts', line: n + 1, title: `cart › ${n}`, message: 'expected 1' },
  })),
});
const linesOf = (annotations: number): readonly string[] =>
  checkOf(annotations).annotations.map(({ line, title }) => `src/a.ts:${line} ${title}: expected 1`);
const writes = (): readonly string[] =>
  github.requests
    .filter((line) => /check-runs/.test(line) && !line.startsWith('GET'))
    .map((line) => line.replace(/ as .*/, ''));

function told(answer: HostAnswer<unknown>): string {
  if (answer.kind === 'ok') return 'ok';
  const waits = answer.kind === 'later' ? ` after ${Math.round(answer.afterMs / 1_000)} s` : '';
  return `${answer.kind}${waits}: ${answer.problem.code}: ${answer.problem.message} ${answer.problem.fix}`;
}

it('makes one check run, with a token that may do that alone, and its annotations fifty by fifty', async () => {
  expect(told(await host.showCheck(byApp, checkOf(120)))).toBe('ok');
  expect(github.checks).toMatchObject([
    {
      ...{ repository: 'shop/web', commit: 'a'.repeat(40), name: 'slipway/tests', externalId: 'bld_1' },
      ...{ conclusion: 'failure', title: '120 failed', annotations: linesOf(120) },
    },
  ]);
  expect(writes()).toEqual([
    'POST /repos/shop/web/check-runs',
    'PATCH /repos/shop/web/check-runs/1',
    'PATCH /repos/shop/web/check-runs/1',
  ]);
  expect(github.tokens.get(github.app.tokens[0] ?? '')).toEqual(['checks']);
});

it('shows nothing twice when it is asked again, also by another server', async () => {
  await host.showCheck(byApp, checkOf(60));
  const other = connectGithub({ api: github.url, app: github.app, clock: { nowMs: () => now } });
  expect(told(await other.showCheck(byApp, checkOf(60)))).toBe('ok');
  expect(github.checks).toHaveLength(1);
  expect(github.checks[0]?.annotations).toEqual(linesOf(60));
});

it('goes on where the answer was lost, having looked first', async () => {
  github.failNext(/PATCH/, 'cut');
  expect(told(await host.showCheck(byApp, checkOf(120)))).toMatch(/^later after 0 s: host_unavailable/);
  expect(github.checks[0]?.annotations).toHaveLength(50);
  expect(told(await host.showCheck(byApp, checkOf(120)))).toBe('ok');
  expect(github.checks).toHaveLength(1);
  expect(github.checks[0]?.annotations).toEqual(linesOf(120));
});

it('tells apart the check runs of other builds of the commit, however many there are', async () => {
  for (let n = 0; n < 130; n++)
    github.checks.push({
      ...{ id: 1_000 + n, repository: 'shop/web', commit: 'a'.repeat(40), name: 'slipway/tests' },
      ...{ externalId: n === 0 ? 'bld_1' : `bld_other${n}`, conclusion: 'success', title: '', summary: '' },
      annotations: [],
    });
  expect(told(await host.showCheck(byApp, checkOf(3)))).toBe('ok');
  expect(github.checks).toHaveLength(130);
  expect(github.checks[0]?.annotations).toEqual(linesOf(3));
});

it.each([
  [{ status: 503 }, /^later after 0 s: host_unavailable: .*HTTP 503/],
  [{ status: 429, headers: { 'retry-after': '30' } }, /^later after 30 s: host_unavailable: .*rate limit/],
  [
    { status: 422, message: 'No commit found' },
    /^refused: host_refused: .*make a check run of shop\/web: No/,
  ],
])('that is answered %j', async (failure, wanted) => {
  github.failNext(/POST .*check-runs/, failure);
  expect(told(await host.showCheck(byApp, checkOf(1)))).toMatch(wanted);
  expect(github.checks).toEqual([]);
  now += 31_000;
  expect(told(await host.showCheck(byApp, checkOf(1)))).toBe('ok');
  expect(github.checks).toHaveLength(1);
});

it('says which permission the App lacks', async () => {
  const [[, installation] = ['', { id: 0 }]] = github.app.installations;
  github.app.installations.set('shop/web', { id: installation.id, permissions: ['statuses'] });
  expect(told(await host.showCheck(byApp, checkOf(1)))).toMatch(/^refused: .*"checks: write"/);
});

it('asks nothing with the token of a project', async () => {
  const byToken: HostRepository = { name: 'shop/web', access: { kind: 'token', token: 'ghp_x' } };
  expect(told(await host.showCheck(byToken, checkOf(1)))).toMatch(/^refused: app_not_installed/);
  expect(github.requests).toEqual([]);
});
