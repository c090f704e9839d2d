import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildSummary, BuildView } from '../../src/core/views/build-view.ts';
import type { Page } from '../../src/core/views/page.ts';
import { endOf, push } from '../support/builds.ts';
import { appFiles } from '../support/demo-app.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../support/git-host.ts';
import { startGithubServer, type GithubServer } from '../support/github/github-server.ts';
import { pushPayload } from '../support/github-payloads.ts';
import { until, type System } from '../support/system.ts';
import { deliver } from './support/happen.ts';
import { logOf } from './support/read-build.ts';
import { startWorld, type World } from './support/world.ts';

const TOKEN = 'ghp_of_the_scenario_0123456789';

let github: GithubServer;
let world: World;
let system: System;
let repository: HostedRepository;

beforeAll(async () => {
  github = await startGithubServer();
  github.tokens.set(TOKEN, ['statuses', 'webhooks']);
  github.repositories.add('shop/web');
  world = await startWorld({
    env: {
      SLIPWAY_GITHUB_API: github.url,
      SLIPWAY_GITHUB_APP_ID: github.app.id,
      SLIPWAY_GITHUB_APP_KEY: github.app.key.trim().replaceAll('\n', '\\n'),
    },
  });
  ({ system } = world);
  repository = await world.addProject('shop/web', appFiles('0'));
  github.webhooks.push({ id: 5, repository: 'shop/web', url: `${system.url}/webhooks/github` });
  await system.api('PUT', '/projects/shop%2Fweb/connection', { token: TOKEN });
});
afterAll(async () => {
  await world?.stop();
  await github.close();
  expect(github.violations).toEqual([]);
});

/** What GitHub was told of a commit and context, in its order. */
const told = (commit: string, context: string): string[] =>
  github.statuses
    .filter((status) => status.commit === commit && status.context === context)
    .map(({ state, description }) => `${state}: ${description}`);

async function pushAndWait(files: Record<string, string | null>): Promise<BuildView> {
  return endOf(system, await push(system, repository, files));
}

describe('GitHub', () => {
  it('is told how a build and its deployment stand, with the page that tells more', async () => {
    const build = await pushAndWait(appFiles('1'));
    expect(build.deployments.map(({ status }) => status)).toEqual(['success']);
    const { commit } = build;
    await until(async () => told(commit, 'slipway/deploy/production').at(-1) === 'success: deployed', 'told');
    await until(
      async () => /^success: succeeded in \d+ s$/.test(told(commit, 'slipway/build').at(-1) ?? ''),
      'told',
    );
    expect(told(commit, 'slipway/build')[0]).toMatch(/^pending: /);
    expect(told(commit, 'slipway/deploy/production')[0]).toBe('pending: is being deployed');
    const pages = github.statuses
      .filter((status) => status.commit === commit)
      .map(({ targetUrl }) => targetUrl);
    expect(new Set(pages)).toEqual(
      new Set([
        `${system.url}/builds/${build.id}`,
        `${system.url}/builds/${build.id}?log=${build.deployments[0]?.logId ?? ''}`,
      ]),
    );
    expect(build.notices).toEqual([]);
  });

  it('is told why a build failed, and of no deployment', async () => {
    const build = await pushAndWait(appFiles('2', { broken: true }));
    await until(
      async () => told(build.commit, 'slipway/build').at(-1)?.startsWith('failure') === true,
      'told',
    );
    expect(told(build.commit, 'slipway/build').at(-1)).toBe(`failure: ${build.reason ?? ''}`);
    expect(build.reason).toMatch(/unit.*3/);
    expect(
      told(build.commit, 'slipway/deploy/production').filter((line) => line.startsWith('success')),
    ).toEqual([]);
  });

  it('that is away holds up no build and is told the end later', async () => {
    github.failNext(/statuses/, { status: 502 }, 'cut', { status: 503 });
    const build = await pushAndWait(appFiles('3'));
    expect(build.status).toBe('success');
    await until(
      async () => told(build.commit, 'slipway/build').at(-1)?.startsWith('success') === true,
      'told',
    );
  });

  it('that refuses is asked no more; the build goes on, and its page says why', async () => {
    github.tokens.set(TOKEN, ['webhooks']);
    try {
      const { id, status } = await pushAndWait(appFiles('4'));
      expect(status).toBe('success');
      let build: BuildView | null = null;
      await until(async () => {
        build = await system.api<BuildView>('GET', `/builds/${id}`);
        return build.notices.some(({ about }) => about.includes('slipway/build'));
      }, 'the notice is there');
      const [notice] = (build as BuildView | null)?.notices ?? [];
      expect(notice?.text).toMatch(
        /answered 403 when the token of shop\/web was to set a status on shop\/web/,
      );
      expect(notice?.text).toMatch(/"Commit statuses: read and write"/);
      expect(JSON.stringify(build)).not.toContain(TOKEN);
    } finally {
      github.tokens.set(TOKEN, ['statuses', 'webhooks']);
    }
  });
});

describe('a push while the server is down', () => {
  it('is fetched at its next start and built, once, also when it comes after all', async () => {
    system.server?.kill('SIGKILL');
    await until(async () => system.server?.signalCode !== null, 'the server is gone');
    const commit = repository.commit(appFiles('5'), 'while nobody listened');
    const payload = pushPayload({ repository: 'shop/web', commit });
    await expect(system.deliver('push', payload, 'missed-1')).rejects.toThrow();
    github.deliveries.push({ to: 5, guid: 'missed-1', event: 'push', payload, deliveredAtMs: Date.now() });
    await system.startServer();
    let builds: readonly BuildSummary[] = [];
    await until(async () => {
      builds = (await system.api<Page<BuildSummary>>('GET', '/builds')).items;
      return builds.some((build) => build.commit === commit);
    }, 'the push is a build');
    const { id = '' } = builds.find((build) => build.commit === commit) ?? {};
    expect((await endOf(system, id)).status).toBe('success');
    const late = await system.deliver('push', payload, 'missed-1');
    expect([late.status, await late.json()]).toMatchObject([200, { outcome: 'built', builds: [{ id }] }]);
    expect((await system.ask('app.example.com')).text).toBe('version 5\n');
  });
});

describe('a private repository of the GitHub App', () => {
  let hidden: GitHost;
  beforeAll(async () => {
    hidden = await startGitHost({ accepts: (password) => github.app.tokens.includes(password) });
  });
  afterAll(() => hidden?.close());

  it('is cloned with a token that is in no log, no checkout and no file of the server', async () => {
    const secret = hidden.create('shop/hidden');
    const file = [
      'steps:',
      '  - name: look',
      '    image: "slipway-test/busybox:1"',
      '    commands:',
      '      - cat .git/config',
      "      - if grep -rE 'ghs_|x-access-token|AUTHORIZATION' .git; then exit 4; fi",
      "      - if env | grep -E 'ghs_|x-access-token'; then exit 5; fi",
    ].join('\n');
    const commit = secret.commit({ 'slipway.yml': file, a: '1' });
    github.repositories.add('shop/hidden');
    github.app.installations.set('shop/hidden', { id: 99, permissions: ['contents', 'statuses'] });
    await system.api('POST', '/projects', { cloneUrl: secret.cloneUrl });
    const payload = { ...pushPayload({ repository: 'shop/hidden', commit }), installation: { id: 99 } };
    const { buildIds } = await deliver(system, 'push', payload);
    const build = await endOf(system, buildIds[0] ?? '');
    expect(build.status, build.reason ?? '').toBe('success');
    expect(await logOf(system, build, 'look')).toContain('shop/hidden.git');
    await until(async () => told(commit, 'slipway/build').at(-1)?.startsWith('success') === true, 'told');
    expect(github.app.tokens.length).toBeGreaterThan(0);
    const files = ['data/slipway.db', 'data/slipway.db-wal', 'server.log', 'worker.log'];
    for (const name of files) {
      const text = await readFile(path.join(system.dir, name), 'latin1').catch(() => '');
      for (const token of [...github.app.tokens, TOKEN]) expect(text.includes(token), name).toBe(false);
    }
  });
});
