import express, { type RequestHandler } from 'express';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import type { GitHost, HostRepository } from '../../../src/ports/git-host.ts';

/** Answers that GitHub once gave, served over HTTP; the package has no types. */
const PACKAGE: string = '@octokit/fixtures-server';
const { default: recorded } = (await import(PACKAGE)) as {
  default: (options: { fixturesUrl: string; logLevel: string }) => RequestHandler;
};

/** The token that the recordings have in place of the real one. */
const access = { kind: 'token', token: '0000000000000000000000000000000000000001' } as const;
const COMMIT = `${'0'.repeat(39)}1`;

let server: Server;
let url: string;
beforeEach(async () => {
  const app = express();
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app.use(recorded({ fixturesUrl: url, logLevel: 'silent' }));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Base address of an API that gives the recorded answers of a scenario, in their order. */
async function apiOf(scenario: string): Promise<string> {
  const answer = await fetch(`${url}/fixtures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scenario }),
  });
  return ((await answer.json()) as { url: string }).url;
}

const connect = (api: string): GitHost =>
  connectGithub({ api, app: null, clock: { nowMs: () => Date.now() } });

const repository = (name: string): HostRepository => ({ name, access });

it('sets statuses as GitHub once took them', async () => {
  const host = connect(await apiOf('create-status'));
  for (const [n, state] of (['failure', 'success'] as const).entries()) {
    const status = {
      commit: COMMIT,
      state,
      targetUrl: 'https://example.com',
      description: `create-status ${state} test`,
      context: `example/${n + 1}`,
    };
    const answer = await host.setStatus(repository('octokit-fixture-org/create-status'), status);
    expect(answer).toEqual({ kind: 'ok', value: null });
  }
});

it('reads a repository as GitHub once showed it', async () => {
  const host = connect(await apiOf('get-repository'));
  expect(await host.tryRepository(repository('octokit-fixture-org/hello-world'))).toEqual({
    kind: 'ok',
    value: null,
  });
});

it('follows a repository to its new name', async () => {
  const api = await apiOf('rename-repository');
  const renamed = await fetch(`${api}/repos/octokit-fixture-org/rename-repository`, {
    method: 'PATCH',
    headers: {
      accept: 'application/vnd.github.v3+json',
      authorization: `token ${access.token}`,
      'content-type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify({ name: 'rename-repository-newname' }),
  });
  expect(renamed.status).toBe(200);
  const answer = await connect(api).tryRepository(repository('octokit-fixture-org/rename-repository'));
  expect(answer).toEqual({ kind: 'ok', value: null });
});
