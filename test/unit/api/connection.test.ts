import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProjectView } from '../../../src/core/views/project-view.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const TOKEN = 'ghp_of_the_project_0123456789';
const STEPS = 'steps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';

let github: GithubServer;
let host: GitHost;
let repository: HostedRepository;
let server: TestServer;
let directory: string;
beforeEach(async () => {
  github = await startGithubServer();
  github.repositories.add('shop/web');
  github.tokens.set(TOKEN, ['statuses']);
  host = await startGitHost();
  repository = host.create('Shop/Web');
  repository.commit({ 'slipway.yml': STEPS });
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-connection-'));
  server = await startTestServer({ directory, github: { api: github.url, app: github.app } });
});
afterEach(async () => {
  await server.close();
  await host.close();
  await github.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  expect(github.violations).toEqual([]);
});

const add = async (cloneUrl = repository.cloneUrl) =>
  (await (await server.api('POST', '/projects', { cloneUrl })).json()) as ProjectView;
const connect = (body: object = {}) => server.api('PUT', '/projects/shop%2Fweb/connection', body);
const problem = async (answer: Response) => {
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return `${answer.status} ${error.code}: ${error.message}`;
};
const shown = async () => (await (await server.api('GET', '/projects/shop%2Fweb')).json()) as ProjectView;
/** Every file of the data folder, as text. */
const stored = (): string =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(directory, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');

describe('a project with a token of its own', () => {
  it('is connected once GitHub takes the token, which is never told again', async () => {
    expect((await add()).connection).toBeNull();
    const answer = await connect({ token: TOKEN });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ path: 'shop/web', connection: 'token' });
    expect(JSON.stringify(await shown())).not.toContain(TOKEN);
    const { id } = await shown();
    expect(await server.deps.secrets.connectionOf(id)).toEqual({
      name: 'shop/web',
      access: { kind: 'token', token: TOKEN },
    });
    expect(stored()).not.toContain(TOKEN);
    expect(server.logged.join('')).not.toContain(TOKEN);
  });

  it('stays as it was when GitHub does not take it', async () => {
    await add();
    expect(await problem(await connect({ token: 'ghp_wrong_0123456789' }))).toBe(
      '502 host_token_wrong: 127.0.0.1 does not accept the token of shop/web: Bad credentials.',
    );
    github.repositories.clear();
    expect(await problem(await connect({ token: TOKEN }))).toMatch(/^502 host_not_permitted: .* 404 /);
    github.failNext(/^GET/, { status: 503 });
    expect(await problem(await connect({ token: TOKEN }))).toMatch(/^503 host_unavailable: /);
    expect((await shown()).connection).toBeNull();
    expect(server.logged.join('')).not.toMatch(/ghp_/);
  });

  it('is disconnected again', async () => {
    await add();
    await connect({ token: TOKEN });
    expect((await server.api('DELETE', '/projects/shop%2Fweb/connection')).status).toBe(204);
    expect((await shown()).connection).toBeNull();
    expect(await server.deps.secrets.connectionOf((await shown()).id)).toBeNull();
  });

  it('is not connected to a Git host that is not the one of its repository', async () => {
    const { id } = await add();
    const elsewhere = { clone_url: 'https://gitlab.example/shop/web.git' };
    await server.deps.store.transaction((tx) =>
      tx.db.updateTable('project').set(elsewhere).where('id', '=', id).execute(),
    );
    expect(await problem(await connect({ token: TOKEN }))).toMatch(
      /^400 request_wrong: project: its repository is not at 127\.0\.0\.1/,
    );
    expect(github.requests.filter((line) => line.endsWith(TOKEN))).toEqual([]);
  });
});

describe("the server's GitHub App", () => {
  const install = () =>
    github.app.installations.set('shop/web', { id: 77, permissions: ['contents', 'statuses'] });
  const basic = (token: string) => `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

  it('reads the repository of a project that is added, with a token that is nowhere kept', async () => {
    install();
    expect((await add()).connection).toBe('app');
    const [token = ''] = github.app.tokens;
    expect(host.authorizations.every((header) => header === basic(token))).toBe(true);
    expect(host.authorizations.length).toBeGreaterThan(0);
    await server.deps.intake.idle();
    expect(stored()).not.toContain(token);
    expect(stored()).not.toContain(basic(token).slice(6));
    expect(server.logged.join('')).not.toContain(token);
  });

  it('fetches what a delivery brings, and gives its token to no worker', async () => {
    install();
    const { id } = await add();
    const commit = repository.commit({ a: '1' });
    await server.deliver('push', {
      ...pushPayload({ repository: 'shop/web', commit }),
      installation: { id: 77 },
    });
    await server.deps.intake.idle();
    const build = await server.deps.store.db.selectFrom('build').selectAll().executeTakeFirstOrThrow();
    expect(build.status).toBe('pending');
    const logins = { push: [], pull: [], baseImages: false };
    const secrets = await server.deps.secrets.forLease({ projectId: id, names: [], logins });
    expect(JSON.stringify(secrets)).not.toContain(github.app.tokens[0]);
    expect(github.app.tokens).toHaveLength(1);
    expect(stored()).not.toContain(github.app.tokens[0]);
  });

  it('is learned from a delivery, also when it is installed anew', async () => {
    await add();
    expect((await shown()).connection).toBeNull();
    install();
    const deliver = async (id: number) => {
      const commit = repository.commit({ a: String(id) });
      await server.deliver('push', {
        ...pushPayload({ repository: 'Shop/Web', commit }),
        installation: { id },
      });
      await server.deps.intake.idle();
      return server.deps.secrets.connectionOf((await shown()).id);
    };
    expect(await deliver(77)).toMatchObject({ access: { kind: 'app', installation: '77' } });
    github.app.installations.set('shop/web', { id: 78, permissions: ['contents', 'statuses'] });
    expect(await deliver(78)).toMatchObject({ access: { kind: 'app', installation: '78' } });
    const builds = await server.deps.store.db.selectFrom('build').select('status').execute();
    expect(builds.map(({ status }) => status)).toEqual(['pending', 'pending']);
  });

  it('connects a project that asks for it, and says where it is not installed', async () => {
    await add();
    expect(await problem(await connect())).toBe(
      "409 app_not_installed: The server's GitHub App is not installed on shop/web.",
    );
    install();
    expect(await (await connect()).json()).toMatchObject({ connection: 'app' });
  });

  it('that was taken from a public repository does not keep it from being read', async () => {
    install();
    await add();
    github.app.installations.clear();
    github.tokens.clear();
    const { id } = await shown();
    await server.close();
    server = await startTestServer({ directory, github: { api: github.url, app: github.app } });
    expect(await server.deps.secrets.cloneCredentials(id)).toBeNull();
  });

  it('that GitHub makes no token for at the moment has the fetch tried again', async () => {
    install();
    await add();
    await server.close();
    server = await startTestServer({ directory, github: { api: github.url, app: github.app } });
    const before = github.app.tokens.length;
    github.failNext(/access_tokens/, { status: 502 }, { status: 502 });
    const commit = repository.commit({ a: '1' });
    await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'later' });
    await server.deps.intake.idle();
    const build = await server.deps.store.db.selectFrom('build').selectAll().executeTakeFirst();
    expect(build?.status).toBe('pending');
    expect(github.app.tokens).toHaveLength(before + 1);
  });
});

it('without a GitHub App a project needs a token to be connected, and a delivery of an App is only a delivery', async () => {
  await server.close();
  server = await startTestServer({ github: { api: github.url, app: null } });
  await add();
  expect(await problem(await connect())).toBe(
    '400 request_wrong: token: is missing; this server has no GitHub App.',
  );
  const commit = repository.commit({ a: '1' });
  await server.deliver('push', {
    ...pushPayload({ repository: 'shop/web', commit }),
    installation: { id: 77 },
  });
  await server.deps.intake.idle();
  expect((await shown()).connection).toBeNull();
  expect((await shown()).lastBuild?.status).toBe('pending');
});
