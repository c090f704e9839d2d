import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');

let host: GitHost;
let github: GithubServer;
let server: TestServer;
beforeAll(async () => {
  host = await startGitHost();
  const repository = host.create('shop/web');
  repository.commit({ a: '1' });
  github = await startGithubServer();
  github.repositories.add('shop/web');
  github.tokens.set('ghp_right', ['statuses']);
  server = await startTestServer({ intake: false, github: { api: github.url, app: null } });
  await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
});
afterAll(async () => {
  await server.close();
  await github.close();
  await host.close();
});

/** Runs the real command; gives its exit status and both outputs. */
async function project(verb: string, args: readonly string[] = [], input = ''): Promise<string> {
  const child = spawn(process.execPath, [MAIN, 'project', verb, 'shop/web', ...args], {
    env: { ...nodeEnvironment(), SLIPWAY_URL: server.url, SLIPWAY_TOKEN: server.adminToken },
  });
  child.stdin.end(input);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return `${String(await closed)} ${out}${errors}`;
}

it('connects a project with a token by standard input, shows how, and disconnects it', async () => {
  expect(await project('show')).toMatch(/statuses +none/);
  expect(await project('connect', ['--token-stdin'], 'ghp_right\n')).toBe('0 connected shop/web, by token\n');
  expect(await project('show')).toMatch(/statuses +by token/);
  expect(await project('disconnect')).toBe('0 disconnected shop/web\n');
  expect(await project('show')).toMatch(/statuses +none/);
});

it('says why not, and what to do', async () => {
  expect(await project('connect', ['--token-stdin'], 'ghp_wrong\n')).toMatch(
    /^1 slipway: 127\.0\.0\.1 does not accept the token of shop\/web: Bad credentials\.\n {2}Give the project a new token/,
  );
  expect(await project('connect')).toBe(
    '1 slipway: token: is missing; this server has no GitHub App.\n  Correct the named field and send the request again.\n',
  );
});
