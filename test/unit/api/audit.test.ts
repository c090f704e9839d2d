import path from 'node:path';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUSALS_AN_HOUR } from '../../../src/api/refusal-allowance.ts';
import type { AuditAction, AuditEntryView } from '../../../src/core/audit.ts';
import { AUDIT_ACTIONS } from '../../../src/core/audit.ts';
import { newId } from '../../../src/core/id.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { ProjectView } from '../../../src/core/views/project-view.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { startGithubServer, type GithubServer } from '../../support/github/github-server.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const HOST_TOKEN = 'ghp_of_the_project_0123456789';
const DEPLOYMENT = newId('dep');
const STEP = newId('stp');
const ENVIRONMENT = newId('env');
const SECRET = 'a value that nobody may read';
const STEPS =
  'cron: { nightly: { schedule: "@daily" } }\nsteps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';

let directory: string;
let github: GithubServer;
let host: GitHost;
let server: TestServer;
let cloneUrl: string;
beforeAll(async () => {
  github = await startGithubServer();
  github.repositories.add('shop/web');
  github.tokens.set(HOST_TOKEN, ['statuses']);
  host = await startGitHost();
  const repository = host.create('Shop/Web');
  repository.commit({ 'slipway.yml': STEPS });
  ({ cloneUrl } = repository);
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-audit-'));
  server = await startTestServer({
    directory,
    intake: false,
    github: { api: github.url, app: github.app },
    // Running steps need a worker, and deployments a router; what they write is looked at in test/unit/builds/notes.test.ts.
    change: ({ store, builds }) => ({
      builds: {
        ...builds,
        cancelStep: (_id, _reason, note) => store.transaction(async (tx) => note?.(tx)),
        cancelDeployment: (_id, _reason, note) => store.transaction(async (tx) => note?.(tx)),
        removeEnvironment: (_environment, _volumes, note) => store.transaction(async (tx) => note?.(tx)),
        rollBack: (_environment, _deployment, note) =>
          store.transaction(async (tx) => {
            await note?.(tx);
            return { deploymentId: 'dep_made' };
          }),
      },
    }),
  });
});
afterAll(async () => {
  await server.close();
  await host.close();
  await github.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

const entries = async (query = '') => {
  const answer = await server.api('GET', `/audit${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page<AuditEntryView>;
};
const newest = async () => (await entries('?limit=1')).items[0];
const signIn = (token: string) =>
  fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
const inDatabase = (statement: string) => {
  const database = new DatabaseSync(path.join(directory, 'slipway.db'));
  database.exec(statement);
  database.close();
};
const project = '/projects/shop%2Fweb';
let build: { id: string; number: number };
let session: string;
let target: string;
const TARGET = {
  kind: 'webhook',
  url: 'https://hooks.example.com/path-of-its-own',
  secret: SECRET,
  events: ['build.failed'],
};
const signOut = () =>
  fetch(`${server.url}/api/v1/session`, {
    method: 'DELETE',
    headers: { cookie: session, 'sec-fetch-site': 'same-origin' },
  });
/** Every change there is but the last of a project, in an order in which each can be made. */
const CHANGES: readonly [AuditAction, () => Promise<Response>, Partial<AuditEntryView['subject']> | null][] =
  [
    ['session.begin', () => signIn(server.adminToken), null],
    ['session.end', () => signOut(), null],
    ['token.make', () => server.api('POST', '/tokens', { name: 'ada' }), { kind: 'token', name: 'ada' }],
    ['token.revoke', () => server.api('DELETE', '/tokens/ada'), { kind: 'token', name: 'ada' }],
    [
      'project.add',
      () => server.api('POST', '/projects', { cloneUrl }),
      { kind: 'project', name: 'shop/web' },
    ],
    [
      'project.change',
      () => server.api('PATCH', project, { defaultBranch: 'main' }),
      { kind: 'project', name: 'shop/web' },
    ],
    [
      'project.connect',
      () => server.api('PUT', `${project}/connection`, { token: HOST_TOKEN }),
      { kind: 'project', name: 'shop/web' },
    ],
    [
      'project.disconnect',
      () => server.api('DELETE', `${project}/connection`),
      { kind: 'project', name: 'shop/web' },
    ],
    [
      'schedule.change',
      async () => {
        server.schedules.wake();
        await server.schedules.idle();
        return server.api('PATCH', `${project}/schedules/nightly`, { enabled: false });
      },
      { kind: 'project', name: 'shop/web: nightly off' },
    ],
    [
      'secret.set',
      () => server.api('PUT', `${project}/secrets/npm_token`, { value: SECRET }),
      { kind: 'secret', name: 'shop/web/npm_token' },
    ],
    [
      'secret.remove',
      () => server.api('DELETE', `${project}/secrets/npm_token`),
      { kind: 'secret', name: 'shop/web/npm_token' },
    ],
    [
      'registry.set',
      () => server.api('PUT', '/registries/r.example.com', { username: 'ci', password: SECRET }),
      { kind: 'registry', id: 'r.example.com', name: 'r.example.com' },
    ],
    [
      'registry.remove',
      () => server.api('DELETE', '/registries/r.example.com'),
      { kind: 'registry', id: 'r.example.com', name: 'r.example.com' },
    ],
    [
      'notification.add',
      async () => {
        const answer = await server.api('POST', `${project}/notifications`, TARGET);
        target = ((await answer.clone().json()) as { id: string }).id;
        return answer;
      },
      { kind: 'notification', name: 'shop/web/https://hooks.example.com' },
    ],
    [
      'notification.try',
      () => server.api('POST', `${project}/notifications/${target}/test`),
      { kind: 'notification', name: 'shop/web/https://hooks.example.com' },
    ],
    [
      'notification.change',
      () => server.api('PATCH', `${project}/notifications/${target}`, { secret: `${SECRET} and more` }),
      { kind: 'notification', name: 'shop/web/https://hooks.example.com' },
    ],
    [
      'notification.remove',
      () => server.api('DELETE', `${project}/notifications/${target}`),
      { kind: 'notification', name: 'shop/web/https://hooks.example.com' },
    ],
    [
      'worker.token',
      () => server.api('POST', '/workers/tokens', { name: 'w1' }),
      { kind: 'worker', name: 'w1' },
    ],
    ['worker.drain', () => server.api('POST', '/workers/w1/drain'), { kind: 'worker', name: 'w1' }],
    ['worker.undrain', () => server.api('POST', '/workers/w1/undrain'), { kind: 'worker', name: 'w1' }],
    ['worker.revoke', () => server.api('DELETE', '/workers/w1/token'), { kind: 'worker', name: 'w1' }],
    ['build.start', () => server.api('POST', `${project}/builds`), { kind: 'build', name: 'shop/web#1' }],
    [
      'build.cancel',
      () => server.api('POST', `/builds/${build.id}/cancel`),
      { kind: 'build', name: 'shop/web#1' },
    ],
    [
      'build.rerun',
      () => server.api('POST', `/builds/${build.id}/rerun`),
      { kind: 'build', name: 'shop/web#1' },
    ],
    [
      'step.cancel',
      () => server.api('POST', `/steps/${STEP}/cancel`),
      { kind: 'step', id: STEP, name: null },
    ],
    [
      'deployment.cancel',
      () => server.api('POST', `/deployments/${DEPLOYMENT}/cancel`),
      { kind: 'deployment', id: DEPLOYMENT, name: null },
    ],
    [
      'environment.roll_back',
      () => server.api('POST', `/environments/${ENVIRONMENT}/rollback`),
      { kind: 'environment', id: ENVIRONMENT, name: null },
    ],
    [
      'environment.remove',
      () => server.api('DELETE', `/environments/${ENVIRONMENT}`),
      { kind: 'environment', id: ENVIRONMENT, name: null },
    ],
    [
      'delivery.replay',
      async () => {
        const { delivery } = (await (await server.deliver('ping', { zen: 'x' })).json()) as {
          delivery: string;
        };
        return server.api('POST', `/deliveries/${delivery}/replay`);
      },
      { kind: 'delivery' },
    ],
  ];

describe('every change', () => {
  it('has a case here', () => {
    const cases = [...CHANGES.map(([action]) => action), 'project.remove'];
    expect(cases.toSorted()).toEqual(Object.keys(AUDIT_ACTIONS).toSorted());
  });

  it.each(CHANGES)(
    '%s writes one entry: who, what, from where, under which request',
    async (action, change, subject) => {
      const before = (await entries('?limit=200')).items.length;
      const answer = await change();
      expect(answer.status).toBeLessThan(300);
      expect((await entries('?limit=200')).items).toHaveLength(before + 1);
      const entry = await newest();
      expect(entry).toMatchObject({
        action,
        actor: { kind: 'admin', name: 'admin', via: action === 'session.end' ? 'session' : 'token' },
        address: '127.0.0.1',
        requestId: answer.headers.get('x-request-id'),
        refused: null,
      });
      expect(Math.abs((entry?.atMs ?? 0) - Date.now())).toBeLessThan(10_000);
      if (subject === null) expect(entry?.subject).toBeNull();
      else {
        expect(entry?.subject).toMatchObject(subject);
        expect(entry?.subject?.id).toEqual(expect.any(String));
      }
      if (action === 'session.begin') session = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      if (action === 'build.start') build = (await answer.json()) as typeof build;
    },
  );

  it('names the admin token by its id, also through a session', async () => {
    const { items } = await entries('?limit=200');
    const ids = new Set(items.filter(({ actor }) => actor.name === 'admin').map(({ actor }) => actor.id));
    expect([...ids]).toEqual([expect.stringMatching(/^tok_/)]);
  });

  it("keeps no secret's value and no token, wherever the record lies", async () => {
    const stored = await Promise.all(
      (await readdir(directory))
        .filter((name) => name.startsWith('slipway.db'))
        .map((name) => readFile(path.join(directory, name), 'latin1')),
    );
    const told = stored.join('') + JSON.stringify(await entries('?limit=200'));
    for (const value of ['path-of-its-own', SECRET, HOST_TOKEN, server.adminToken])
      expect(told.includes(value)).toBe(false);
  });
});

describe('an entry that cannot be written', () => {
  /** Every table but the audit log and when tokens were used. */
  const record = () => {
    const database = new DatabaseSync(path.join(directory, 'slipway.db'), { readOnly: true });
    const tables = database
      .prepare(
        "select name from sqlite_master where type = 'table' and name not in ('audit', 'server_lock', 'sqlite_sequence')",
      )
      .all()
      .map(({ name }) => String(name));
    const rows = tables.map((name) => [name, database.prepare(`select * from "${name}"`).all()] as const);
    database.close();
    return JSON.stringify(rows.map(([name, all]) => [name, all.map((row) => ({ ...row, last_used_at: 0 }))]));
  };

  /** Those with a test of their own: below, and in test/unit/builds/notes.test.ts. */
  type Elsewhere =
    'project.remove' | 'step.cancel' | 'deployment.cancel' | 'environment.roll_back' | 'environment.remove';

  it('lets no change be made: both are of one transaction', async () => {
    await server.api('POST', '/tokens', { name: 'bob' });
    await server.api('PUT', `${project}/secrets/kept`, { value: SECRET });
    await server.api('PUT', '/registries/kept.example.com', { username: 'ci', password: SECRET });
    const waiting = (await (await server.api('POST', `${project}/builds`)).json()) as typeof build;
    session = (await signIn(server.adminToken)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const { delivery } = (await (await server.deliver('ping', { zen: 'y' })).json()) as { delivery: string };
    const made = await server.api('POST', `${project}/notifications`, TARGET);
    target = ((await made.json()) as { id: string }).id;
    for (const name of ['kept', 'drained']) await server.api('POST', '/workers/tokens', { name });
    await server.api('POST', '/workers/drained/drain');
    inDatabase("update delivery set outcome = 'failed'");
    inDatabase("create trigger no_audit before insert on audit begin select raise(abort, 'full'); end");
    const changes: Record<Exclude<AuditAction, Elsewhere>, () => Promise<Response>> = {
      'session.begin': () => signIn(server.adminToken),
      'session.end': () => signOut(),
      'token.make': () => server.api('POST', '/tokens', { name: 'eve' }),
      'token.revoke': () => server.api('DELETE', '/tokens/bob'),
      'project.add': () => server.api('POST', '/projects', { cloneUrl, path: 'shop/other' }),
      'project.change': () => server.api('PATCH', project, { defaultBranch: 'other' }),
      'project.connect': () => server.api('PUT', `${project}/connection`, { token: HOST_TOKEN }),
      'project.disconnect': () => server.api('DELETE', `${project}/connection`),
      'schedule.change': () => server.api('PATCH', `${project}/schedules/nightly`, { enabled: true }),
      'secret.set': () => server.api('PUT', `${project}/secrets/new`, { value: SECRET }),
      'secret.remove': () => server.api('DELETE', `${project}/secrets/kept`),
      'registry.set': () =>
        server.api('PUT', '/registries/new.example.com', { username: 'ci', password: SECRET }),
      'registry.remove': () => server.api('DELETE', '/registries/kept.example.com'),
      'worker.token': () => server.api('POST', '/workers/tokens', { name: 'w2' }),
      'notification.add': () => server.api('POST', `${project}/notifications`, TARGET),
      'notification.try': () => server.api('POST', `${project}/notifications/${target}/test`),
      'notification.change': () =>
        server.api('PATCH', `${project}/notifications/${target}`, { events: ['build.ended'] }),
      'notification.remove': () => server.api('DELETE', `${project}/notifications/${target}`),
      'worker.drain': () => server.api('POST', '/workers/kept/drain'),
      'worker.undrain': () => server.api('POST', '/workers/drained/undrain'),
      'worker.revoke': () => server.api('DELETE', '/workers/kept/token'),
      'build.start': () => server.api('POST', `${project}/builds`),
      'build.cancel': () => server.api('POST', `/builds/${waiting.id}/cancel`),
      'build.rerun': () => server.api('POST', `/builds/${waiting.id}/rerun`),
      'delivery.replay': () => server.api('POST', `/deliveries/${delivery}/replay`),
    };
    const before = record();
    for (const [name, change] of Object.entries(changes)) {
      const answer = await change();
      expect([name, answer.status]).toEqual([name, 500]);
      expect([name, record() === before]).toEqual([name, true]);
    }
    inDatabase('drop trigger no_audit');
  });
});

describe('what is refused', () => {
  const wrong = `slipway_admin_${'x'.repeat(43)}`;

  it('to an admin is written with the code that was answered', async () => {
    const answer = await server.api('DELETE', '/projects/no%2Fsuch');
    expect(answer.status).toBe(404);
    expect(await newest()).toMatchObject({
      action: 'project.remove',
      actor: { kind: 'admin', name: 'admin' },
      subject: { kind: 'project', id: null, name: null },
      refused: 'not_found',
      requestId: answer.headers.get('x-request-id'),
    });
    expect((await server.api('POST', '/tokens', { name: 'NOT A NAME' })).status).toBe(400);
    expect(await newest()).toMatchObject({ action: 'token.make', subject: null, refused: 'request_wrong' });
  });

  it.each([
    ['DELETE', (secret: string) => `/tokens/${secret}`, 404],
    ['DELETE', (secret: string) => `/workers/${secret}/token`, 404],
    ['POST', (secret: string) => `/workers/${secret}/drain`, 404],
    ['DELETE', (secret: string) => `/projects/${secret}`, 404],
    ['DELETE', (secret: string) => `${project}/secrets/${secret}`, 404],
    ['PUT', (secret: string) => `${project}/secrets/${secret}!`, 400],
    ['DELETE', (secret: string) => `/registries/${secret}`, 404],
    ['PUT', (secret: string) => `/registries/${secret}`, 400],
    ['DELETE', (secret: string) => `${project}/notifications/${secret}`, 404],
    ['POST', (secret: string) => `/builds/${secret}/cancel`, 404],
    ['POST', (secret: string) => `/builds/${secret}/rerun`, 404],
    ['POST', (secret: string) => `/deliveries/${secret}/replay`, 404],
  ] as const)('keeps no token that came in the place of a name: %s %s', async (method, pathOf, status) => {
    const body = method === 'PUT' ? { value: 'x', username: 'ci', password: 'x' } : undefined;
    const answer = await server.api(method, pathOf(server.adminToken), body);
    expect(answer.status).toBe(status);
    const entry = await newest();
    expect(entry?.requestId).toBe(answer.headers.get('x-request-id'));
    expect(JSON.stringify(entry)).not.toContain(server.adminToken);
  });

  it("to a worker's token is written as the worker's", async () => {
    const { token } = (await (await server.api('POST', '/workers/tokens', { name: 'w3' })).json()) as {
      token: string;
    };
    const answer = await fetch(`${server.url}/api/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"name":"mine"}',
    });
    expect(answer.status).toBe(403);
    expect(await newest()).toMatchObject({
      action: 'token.make',
      actor: { kind: 'worker', name: 'w3', via: 'token' },
      refused: 'not_allowed',
    });
  });

  it("beyond an hour's allowance of its token is answered as ever, and not written", async () => {
    const { token } = (await (await server.api('POST', '/workers/tokens', { name: 'w4' })).json()) as {
      token: string;
    };
    const before = await newest();
    const headers = { authorization: `Bearer ${token}` };
    for (let n = 0; n < REFUSALS_AN_HOUR + 5; n++)
      expect((await fetch(`${server.url}/api/v1/tokens/x`, { method: 'DELETE', headers })).status).toBe(403);
    expect((await entries('?actor=w4&limit=200')).items).toHaveLength(REFUSALS_AN_HOUR);
    expect(await newest()).not.toEqual(before);
    expect((await server.api('DELETE', '/tokens/none')).status).toBe(404);
    expect(await newest()).toMatchObject({ actor: { kind: 'admin' }, refused: 'not_found' });
  });

  it('as a wrong sign-in is written without what was typed, as often as an address may try, and no more', async () => {
    const before = (await entries('?action=session.begin&limit=200')).items.length;
    const statuses = [];
    for (let n = 0; n < 14; n++) statuses.push((await signIn(wrong)).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const { items } = await entries('?action=session.begin&limit=200');
    expect(items.length - before).toBe(10);
    expect(items[0]).toMatchObject({
      actor: { kind: 'nobody', id: null, name: null, via: null },
      subject: null,
      refused: 'token_wrong',
    });
    expect(JSON.stringify(items)).not.toContain(wrong);
  });

  it('to a stranger changes nothing and is not written', async () => {
    const before = await newest();
    for (const headers of [{}, { authorization: `Bearer ${wrong}` }])
      expect((await fetch(`${server.url}/api/v1/projects`, { method: 'POST', headers })).status).toBe(401);
    expect(await newest()).toEqual(before);
  });
});

describe('the list', () => {
  it('is filtered by action, actor, subject and time', async () => {
    const all = (await entries('?limit=200')).items;
    const idsOf = async (query: string) => (await entries(`?limit=200&${query}`)).items.map(({ id }) => id);
    const those = (keep: (entry: AuditEntryView) => boolean) => all.filter(keep).map(({ id }) => id);
    expect(await idsOf('action=secret.set')).toEqual(those(({ action }) => action === 'secret.set'));
    expect(await idsOf('actor=w3')).toEqual(those(({ actor }) => actor.name === 'w3'));
    const adminId = all.find(({ actor }) => actor.name === 'admin')?.actor.id ?? '';
    expect(await idsOf(`actor=${adminId}`)).toEqual(those(({ actor }) => actor.id === adminId));
    expect(await idsOf('subject=shop%2Fweb%2F')).toEqual(
      those(({ subject }) => subject?.name?.startsWith('shop/web/') === true),
    );
    const shown = (await (await server.api('GET', project)).json()) as ProjectView;
    expect(await idsOf(`subject=${shown.id}`)).toEqual(those(({ subject }) => subject?.id === shown.id));
    expect(await idsOf('subject=SHOP')).toEqual([]);
    expect(await idsOf('subject=%25')).toEqual([]);
    const middle = all[Math.floor(all.length / 2)]?.atMs ?? 0;
    expect(await idsOf(`since=${middle}`)).toEqual(those(({ atMs }) => atMs >= middle));
    expect(await idsOf(`until=${middle}`)).toEqual(those(({ atMs }) => atMs < middle));
  });

  it('comes page by page, each entry once, the newest first', async () => {
    const all = (await entries('?limit=200')).items.map(({ id }) => id);
    const paged: string[] = [];
    for (let before: string | null = ''; before !== null;) {
      const page: Page<AuditEntryView> = await entries(`?limit=7${before === '' ? '' : `&before=${before}`}`);
      paged.push(...page.items.map(({ id }) => id));
      before = page.next;
    }
    expect(paged).toEqual(all);
    expect(all).toEqual(all.toSorted().reverse());
  });

  it.each(['action=none', 'since=yesterday', 'until=-1', 'limit=0'])('refuses %s', async (query) => {
    expect((await server.api('GET', `/audit?${query}`)).status).toBe(400);
  });
});

it('removing a project is written, and what the log says of it stays', async () => {
  await server.deps.store.transaction((tx) => tx.db.updateTable('build').set({ planned: 0 }).execute());
  const waiting = (await (await server.api('GET', '/builds')).json()) as Page<{ id: string; status: string }>;
  for (const { id, status } of waiting.items)
    if (status === 'pending') await server.api('POST', `/builds/${id}/cancel`);
  inDatabase("create trigger no_audit before insert on audit begin select raise(abort, 'full'); end");
  expect((await server.api('DELETE', project)).status).toBe(500);
  inDatabase('drop trigger no_audit');
  expect((await server.api('DELETE', project)).status).toBe(204);
  expect(await newest()).toMatchObject({
    action: 'project.remove',
    subject: { kind: 'project', id: expect.stringMatching(/^prj_/) as string, name: 'shop/web' },
    refused: null,
  });
  expect((await entries('?subject=shop%2Fweb&limit=200')).items.length).toBeGreaterThan(5);
});
