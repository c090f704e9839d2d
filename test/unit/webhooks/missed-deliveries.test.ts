import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import { BUILT_EVENTS } from '../../../src/hosts/github/read-delivery.ts';
import { createMissedDeliveries, type MissedDeliveries } from '../../../src/webhooks/missed-deliveries.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import {
  startGithubServer,
  type GithubServer,
  type SentDelivery,
} from '../../support/github/github-server.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const STEPS = 'steps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';
const WEBHOOK = 'https://ci.example/webhooks/github';
const MINUTE = 60_000;

let github: GithubServer;
let host: GitHost;
let repository: HostedRepository;
let server: TestServer;
let directory: string;
let missed: MissedDeliveries;
/** Added to the clock. */
let laterMs: number;
const told: string[] = [];

beforeEach(async () => {
  laterMs = 0;
  told.length = 0;
  github = await startGithubServer();
  github.repositories.add('shop/web');
  github.tokens.set('ghp_project', ['statuses', 'webhooks']);
  github.webhooks.push({ id: 5, repository: 'shop/web', url: WEBHOOK });
  host = await startGitHost();
  repository = host.create('shop/web');
  repository.commit({ 'slipway.yml': STEPS });
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-missed-'));
  server = await startTestServer({ directory, github: { api: github.url, app: null } });
  const { projectId } = await server.deps.projects.add({
    cloneUrl: repository.cloneUrl,
    path: null,
    token: null,
  });
  await server.deps.projects.connect(projectId, 'ghp_project');
  const created_at = Date.now() - 60 * MINUTE;
  await server.deps.store.transaction((tx) => tx.db.updateTable('project').set({ created_at }).execute());
  missed = asker();
});
afterEach(async () => {
  await missed.stop();
  await server.close();
  await host.close();
  await github.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  expect(github.violations).toEqual([]);
});

function asker(app: GithubServer['app'] | null = null): MissedDeliveries {
  const clock = { nowMs: () => Date.now() + laterMs };
  return createMissedDeliveries({
    store: server.deps.store,
    clock,
    deliveries: server.deps.deliveries,
    host: connectGithub({ api: github.url, app, clock }),
    hasApp: app !== null,
    connectionOf: (projectId) => server.deps.secrets.connectionOf(projectId),
    webhookUrl: WEBHOOK,
    events: BUILT_EVENTS,
    everyMs: 20,
    onTaken: (source, count) => told.push(`${source}: took ${count}`),
    onRefused: (source, problem) => told.push(`${source}: ${problem.code}`),
    onError: (error) => told.push(String(error)),
  });
}

/** A push that GitHub sent some minutes ago. */
function sent(minutesAgo: number, more: Partial<SentDelivery> & { commit?: string } = {}): string {
  const { commit = repository.commit({ n: String(minutesAgo) }), ...changes } = more;
  const payload = pushPayload({ repository: 'Shop/Web', commit });
  const deliveredAtMs = Date.now() - minutesAgo * MINUTE;
  github.deliveries.push({ to: 5, event: 'push', payload, deliveredAtMs, ...changes });
  return commit;
}

async function look(): Promise<string[]> {
  told.length = 0;
  await missed.look();
  await server.deps.intake.idle();
  return told;
}
const builds = async () => {
  const rows = await server.deps.store.db
    .selectFrom('build')
    .select(['commit', 'branch_order'])
    .orderBy('branch_order')
    .execute();
  return rows.map(({ commit }) => commit);
};
const readings = () => github.requests.filter((line) => /deliveries\/\d+/.test(line));
const listings = () => github.requests.filter((line) => /deliveries\?/.test(line));

describe('deliveries that never came', () => {
  it('are taken in also where somebody sent an old body under their id as another event', async () => {
    const old = JSON.stringify(pushPayload({ repository: 'Shop/Web', commit: 'a'.repeat(40) }));
    const commit = sent(10, { guid: 'missed' });
    await server.deliver('ping', old, { id: 'missed' });
    await server.deliver('ping', old, { id: 'other' });
    expect(await look()).toEqual(['shop/web: took 1']);
    expect(await builds()).toEqual([commit]);
    expect(await look()).toEqual([]);
  });

  it('become builds in the order of their pushes, each once', async () => {
    const commits = [sent(12), sent(11), sent(10)];
    expect(await look()).toEqual(['shop/web: took 3']);
    expect(await builds()).toEqual(commits);
    expect(readings()).toHaveLength(3);
    expect(await look()).toEqual([]);
    expect(readings()).toHaveLength(3);
    const again = await server.deliver('push', github.deliveries[1]?.payload, { id: 'guid-1' });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ outcome: 'built', builds: [{ number: 2 }] });
    expect(await builds()).toHaveLength(3);
  });

  it('are not asked for where they came, whatever GitHub thinks became of them', async () => {
    const commit = sent(5, { guid: 'came', statusCode: 504 });
    await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'came' });
    await server.deps.intake.idle();
    expect(await look()).toEqual([]);
    expect(readings()).toEqual([]);
    expect(await builds()).toEqual([commit]);
  });

  it('take their place before a later push that came', async () => {
    const older = sent(5);
    const newer = repository.commit({ n: 'newer' });
    await server.deliver('push', pushPayload({ repository: 'shop/web', commit: newer }));
    await server.deps.intake.idle();
    await look();
    expect(await builds()).toEqual([older, newer]);
  });

  it('of one second keep their order', async () => {
    const at = { deliveredAtMs: Math.floor(Date.now() / 1_000) * 1_000 - MINUTE };
    const commits = [sent(0, at), sent(0, at), sent(0, at), sent(0, at)];
    await look();
    expect(await builds()).toEqual(commits);
  });

  it('that were sent twice count from the first time', async () => {
    const commit = sent(30, { guid: 'twice' });
    sent(20, { guid: 'between' });
    sent(10, { guid: 'twice', commit });
    await look();
    expect((await builds())[0]).toBe(commit);
    expect(await builds()).toHaveLength(2);
  });

  it('from before the project, of other events and of other webhooks are left alone', async () => {
    sent(90);
    sent(5, { event: 'star' });
    sent(5, { to: 6 });
    expect(await look()).toEqual([]);
    expect(readings()).toEqual([]);
    expect(await builds()).toEqual([]);
  });

  it('that GitHub has no longer hold up no other', async () => {
    sent(6, { payload: null });
    const commit = sent(5);
    github.failNext(/deliveries\/1001$/, { status: 404, message: 'Not Found' });
    const last = sent(4);
    expect(await look()).toEqual(['shop/web: took 1']);
    expect(await builds()).toEqual([last]);
    expect(await look()).toEqual(['shop/web: took 1']);
    expect(await builds()).toEqual([commit, last]);
  });
});

describe('a long list', () => {
  /** Pushes that came, except for the oldest one. */
  async function manySent(count: number): Promise<string> {
    const commit = sent(40, { guid: 'oldest' });
    const body = JSON.stringify(pushPayload({ repository: 'none/of-ours', commit }));
    await server.deps.store.transaction(async (tx) => {
      for (let n = 0; n < count; n++) {
        const guid = `came-${n}`;
        github.deliveries.push({
          ...{ to: 5, event: 'push', payload: {}, guid },
          deliveredAtMs: Date.now() - 39 * MINUTE + n * 1_000,
        });
        await tx.db
          .insertInto('delivery')
          .values({
            ...{ id: `dlv_${n}`, host: 'github', host_delivery_id: guid, event: 'push', action: null, body },
            ...{ repository: 'none/of-ours', body_bytes: body.length, received_at: 0, reason: null },
            outcome: 'ignored',
          })
          .execute();
      }
    });
    return commit;
  }

  it('is gone through ten pages at a time, also after a restart, and only once', async () => {
    const commit = await manySent(1_250);
    expect(await look()).toEqual([]);
    expect(listings()).toHaveLength(10);
    await missed.stop();
    missed = asker();
    expect(await look()).toEqual(['shop/web: took 1']);
    expect(listings()).toHaveLength(13);
    expect(await builds()).toEqual([commit]);
    // From now on from where the last look began.
    laterMs = 20 * MINUTE;
    await look();
    await look();
    expect(listings().length - 13).toBeLessThan(12);
  });

  it('goes on where a rate limit ended it, when GitHub allows', async () => {
    const commit = await manySent(250);
    github.failNext(/deliveries\/1000$/, { status: 429, headers: { 'retry-after': '60' } });
    await look();
    expect(await builds()).toEqual([]);
    const before = github.requests.length;
    await look();
    expect(github.requests).toHaveLength(before);
    laterMs = 61_000;
    expect(await look()).toEqual(['shop/web: took 1']);
    expect(await builds()).toEqual([commit]);
  });

  it('begins again where GitHub does not know the place any more', async () => {
    const commit = await manySent(1_250);
    await look();
    await server.deps.store.transaction((tx) =>
      tx.db.updateTable('delivery_look').set({ cursor: 'v1_gone' }).execute(),
    );
    await look();
    await look();
    await look();
    expect(await builds()).toEqual([commit]);
  });
});

it('a token that may not read webhooks is refused, which is told, and not asked again for an hour', async () => {
  github.tokens.set('ghp_project', ['statuses']);
  expect(await look()).toEqual(['shop/web: host_not_permitted']);
  expect(await look()).toEqual([]);
  laterMs = 61 * MINUTE;
  github.tokens.set('ghp_project', ['webhooks']);
  const commit = sent(5);
  expect(await look()).toEqual(['shop/web: took 1']);
  expect(await builds()).toEqual([commit]);
});

it('a repository without a webhook that sends here has nothing looked at', async () => {
  github.webhooks.length = 0;
  sent(5);
  expect(await look()).toEqual([]);
  expect(listings()).toEqual([]);
});

it("the App's deliveries are asked for as the App, of all its repositories at once", async () => {
  await missed.stop();
  const app = { ...github.app };
  missed = asker(app);
  github.webhooks.length = 0;
  const commit = sent(5, { to: 'app' });
  sent(4, { to: 'app', payload: pushPayload({ repository: 'shop/unknown', commit }) });
  sent(3, { to: 'app', event: 'installation' });
  expect(await look()).toEqual(['app: took 2']);
  expect(await builds()).toEqual([commit]);
  const outcomes = await server.deps.store.db
    .selectFrom('delivery')
    .select(['outcome'])
    .orderBy('id')
    .execute();
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['built', 'ignored']);
  expect(await look()).toEqual([]);
});

it('looks at its start and again and again, survives what fails, and ends at once', async () => {
  missed.start();
  await expect.poll(() => listings().length).toBeGreaterThan(2);
  github.failNext(/hooks/, { status: 500 }, 'cut', { status: 503 });
  const commit = sent(5);
  await expect.poll(builds, { timeout: 10_000 }).toEqual([commit]);
  github.failNext(/deliveries/, 'hang');
  const seen = listings().length;
  await expect.poll(() => listings().length).toBeGreaterThan(seen);
  await missed.stop();
  expect(told.filter((line) => !line.startsWith('shop/web: took'))).toEqual([]);
});
