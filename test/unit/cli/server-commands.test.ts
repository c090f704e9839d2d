import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildSummary, BuildView } from '../../../src/core/views/build-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import type { WorkerView } from '../../../src/core/views/worker-view.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');
const STEPS = 'steps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';

let host: GitHost;
let repository: HostedRepository;
let server: TestServer;
beforeAll(async () => {
  host = await startGitHost({ password: 'ghp_secret' });
  repository = host.create('shop/web');
  repository.commit({ 'slipway.yml': STEPS }, 'First \u001b[31mcommit\u0007');
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  await host.close();
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command in a process of its own, signed in unless the environment says otherwise. */
function slipway(
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...nodeEnvironment(), SLIPWAY_URL: server.url, SLIPWAY_TOKEN: server.adminToken, ...env },
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (part: string) => (out[name] += part));
    child.on('close', (status) => resolve({ status, ...out }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

it('adds a private project with a token by standard input, shows and lists it', async () => {
  const added = await slipway(['project', 'add', repository.cloneUrl, '--token-stdin'], {
    input: 'ghp_secret\n',
  });
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(added.stdout).toContain('added shop/web, default branch main');
  expect((await slipway(['project', 'list'])).stdout).toMatch(/^shop\/web {2}no builds/);
  expect((await slipway(['project', 'show', 'shop/web'])).stdout).toMatch(/default branch {2}main/);
});

it('shares a project with others, one at a time', async () => {
  const share = async (...options: string[]) =>
    (await slipway(['project', 'share', 'shop/web', ...options])).stdout.trim();
  expect(await share('--with', 'team/a', '--with', 'team/*')).toMatch(/included by team\/\*, team\/a$/);
  expect(await share('--with', 'team/b')).toMatch(/included by team\/\*, team\/a, team\/b$/);
  expect(await share('--without', 'team/a', '--without', 'team/*')).toMatch(/included by team\/b$/);
  expect(await share('--none', '--with', 'team/c')).toMatch(/included by team\/c$/);
  expect(await share('--none')).toMatch(/included by no other project$/);
  const wrong = await slipway(['project', 'share', 'shop/web', '--without', 'A B']);
  expect(wrong.stderr).toContain('--without A B is not like shop/web');
});

it('says what went wrong and what to do about it, and fails', async () => {
  const twice = await slipway(['project', 'add', repository.cloneUrl, '--token-stdin'], {
    input: 'ghp_secret',
  });
  expect(twice.status).toBe(1);
  expect(twice.stdout).toBe('');
  expect(twice.stderr).toBe(
    'slipway: There is already a project shop/web.\n  Choose another name or change the existing one.\n',
  );
});

it.each([
  [{ SLIPWAY_TOKEN: 'wrongwrong' }, 'That token lets nobody in.'],
  [{ SLIPWAY_TOKEN: '' }, 'There is no token.'],
  [{ SLIPWAY_URL: '' }, 'No server is named.'],
  [{ SLIPWAY_URL: 'ftp://x' }, 'ftp://x is no address of a server.'],
  [{ SLIPWAY_URL: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1 does not answer'],
])('with %j says: %s', async (env, message) => {
  const ran = await slipway(['builds'], { env });
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain(message);
  expect(ran.stderr.split('\n')).toHaveLength(3);
});

it.each([
  [['project']],
  [['project', 'add']],
  [['project', 'share', 'shop/web']],
  [['builds', 'x']],
  [['logs']],
  [['builds', '--none']],
  [['secret', 'fly', 'a', 'b']],
  [['worker', 'add']],
  [['worker', 'fly', 'w1']],
  [['token', 'create']],
  [['token', 'list', 'x']],
  [['notify', 'add', 'shop/web']],
  [['notify', 'add', 'shop/web', '--webhook', 'https://a.test', '--event', 'build.failed']],
  [['notify', 'fly', 'shop/web']],
  [['notify', 'remove', 'shop/web']],
  [['none']],
])('%j is wrong use: exit status 2 and the usage', async (args) => {
  const ran = await slipway(args);
  expect(ran.status).toBe(2);
  expect(ran.stderr).toContain('Usage: slipway');
});

it.each([
  [['cancel', 'x'], 'x is no build; name it by its id or like shop/web#12'],
  [['cancel', 'shop/web#77'], 'shop/web has no build 77'],
  [['token', 'create', 'x', '--days', 'soon'], '--days soon: it is a whole number of days'],
  [['audit', '--since', 'yesterday'], '--since yesterday: it is a date or an ISO time, e.g. 2026-11-23'],
  [['rollback', 'shop/web:none'], 'there is no environment shop/web:none; there are: none'],
])('%j has a wrong value: exit status 2, and one line that names it', async (args, message) => {
  const ran = await slipway(args);
  expect([ran.status, ran.stderr]).toEqual([2, `slipway: ${message}\n`]);
});

it.each([
  [['project', 'ad', 'x'], 'there is no "project ad"; did you mean "add"?'],
  [['project', 'frob'], 'there is no "project frob"; there are add, list,'],
  [['secret', 'frob'], 'there is no "secret frob"; there are set, list, remove'],
  [['builds', 'me/hello'], 'slipway builds --project me/hello'],
  [
    ['--server', 'http://localhost:8000', 'builds'],
    'options come after the command: slipway builds --server …',
  ],
  [['bilds'], 'there is no command "bilds"; did you mean "builds"?'],
])('%j is told what was meant: %s', async (args, message) => {
  const ran = await slipway(args);
  expect(ran.status).toBe(2);
  expect(ran.stderr).toContain(message);
});

it.each([
  [['builds', '--limit', '9999'], '--limit 9999 is not a whole number from 1 to 200.'],
  [['deliveries', '-n', 'many'], '--limit many is not a whole number from 1 to 200.'],
  [['audit', '--action', 'fly'], '--action fly is not an action of the audit log.'],
  [['token', 'create', 'x', '--days', '0'], '--days 0 is not a whole number from 1 to 3650.'],
  [['token', 'create', 'My Token'], 'the name My Token is not a name of a-z'],
  [['project', 'add', 'hello'], 'the address hello is no https, http or ssh address of a repository.'],
  [['project', 'add', 'https://a.test/b/c', '--path', 'A B'], '--path: A B is not like shop/web.'],
])('%j is told in the words that were typed: %s', async (args, message) => {
  const ran = await slipway(args);
  expect(ran).toMatchObject({ status: 1, stdout: '' });
  expect(ran.stderr).toContain(`slipway: ${message}`);
});

it('sets a secret by standard input only', async () => {
  expect(await slipway(['secret', 'set', 'shop/web', 'npm_token'], { input: 'value-of-it\n' })).toMatchObject(
    { status: 0 },
  );
  expect((await slipway(['secret', 'list', 'shop/web'])).stdout).toBe('npm_token\n');
  const { id } = await server.deps.store.db.selectFrom('project').select('id').executeTakeFirstOrThrow();
  const { values } = await server.deps.secrets.forLease({
    projectId: id,
    names: ['npm_token'],
    logins: { push: [], pull: [], baseImages: false },
  });
  expect(values).toEqual({ npm_token: 'value-of-it' });
  expect((await slipway(['secret', 'set', 'shop/web', 'x'], { input: '' })).status).toBe(2);
  const gone = await slipway(['secret', 'set', 'shop/web', 'x', '--file', 'gone']);
  expect([gone.status, gone.stderr]).toEqual([2, expect.stringContaining('the file gone is not there')]);
  expect((await slipway(['secret', 'remove', 'shop/web', 'npm_token'])).status).toBe(0);
});

it('keeps the login of a registry', async () => {
  const login = ['registry', 'login', 'registry.example:5000', '--username', 'me'];
  expect((await slipway(login, { input: 'passpass' })).status).toBe(0);
  const reader = ['registry', 'login', 'registry.example:5000', '-u', 'reader', '--use', 'pull'];
  expect((await slipway(reader, { input: 'passpass' })).status).toBe(0);
  expect((await slipway(['registry', 'list'])).stdout).toBe(
    'registry.example:5000  pull  reader\nregistry.example:5000  push  me\n',
  );
  expect((await slipway([...login, '--use', 'all'], { input: 'passpass' })).stderr).toContain('use');
  expect((await slipway(['registry', 'logout', 'registry.example:5000'])).status).toBe(0);
});

it('schedules are listed, stopped and go on', async () => {
  await server.deps.store.transaction(async (tx) => {
    const { id } = await tx.db
      .selectFrom('project')
      .where('path', '=', 'shop/web')
      .select('id')
      .executeTakeFirstOrThrow();
    const row = { id: 'sch_1', project_id: id, name: 'each night', expression: '@daily', timezone: 'UTC' };
    const none = { done_until: null, last_build_id: null, problem: null };
    await tx.db
      .insertInto('schedule')
      .values({ ...row, ...none, next_at: Date.UTC(2100, 0, 1) })
      .execute();
  });
  const list = await slipway(['schedule', 'list', 'shop/web']);
  expect(list.stdout).toMatch(/^each night {2}@daily {2}UTC {2}next 2100-01-01T00:00:00.000Z/);
  expect((await slipway(['schedule', 'disable', 'shop/web', 'each night'])).stdout).toContain('disabled');
  expect((await slipway(['schedule', 'enable', 'shop/web', 'each night'])).stdout).toContain('next 20');
  expect((await slipway(['schedule', 'enable', 'shop/web', 'other'])).stderr).toContain('no schedule other');
  await server.deps.store.transaction(async (tx) => {
    await tx.db.deleteFrom('schedule').execute();
  });
});

describe('builds', () => {
  it('are run now, listed, cancelled, run again', async () => {
    const made = await slipway(['run-now', 'shop/web']);
    expect(made.stdout).toMatch(/^shop\/web#1 \(bld_\w+\)\n$/);
    await server.deps.intake.idle();
    const list = await slipway(['builds', '--project', 'shop/web']);
    expect(list.stdout).toMatch(/^shop\/web#1 {2}pending {2}main /);
    expect(list.stdout).toContain('First ·[31mcommit·');
    expect((await slipway(['cancel', 'shop/web#1'])).status).toBe(0);
    const page = JSON.parse((await slipway(['builds', '--json'])).stdout) as Page<BuildSummary>;
    expect(page.items[0]).toMatchObject({ number: 1, status: 'cancelled' });
    expect((await slipway(['cancel', 'shop/web#1'])).stderr).toContain('has ended with cancelled');
    expect((await slipway(['rerun', 'shop/web#1'])).stdout).toMatch(/runs again as #2/);
    const [first, second] = server.logged
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ msg }) => typeof msg === 'string' && msg.startsWith('a person '));
    expect(first).toMatchObject({
      ...{ level: 30, msg: 'a person made a build', deliveryId: null },
      ...{ buildId: page.items[0]?.id, project: 'shop/web', number: 1 },
    });
    expect(second).toMatchObject({
      ...{ level: 30, msg: 'a person had a build run again', deliveryId: null, rerunFrom: page.items[0]?.id },
      ...{ buildId: expect.stringMatching(/^bld_/) as string, project: 'shop/web', number: 2 },
    });
    const refused = await slipway(['run-now', 'shop/web', '--input', 'who=ada', '--branch', 'main']);
    expect(refused.stderr).toContain('The inputs cannot be taken: there is no input `who`');
    expect((await slipway(['run-now', 'shop/web', '--input', 'who'])).stderr).toContain('write NAME=VALUE');
    expect((await slipway(['cancel', 'shop/web#99'])).stderr).toContain('shop/web has no build 99');
    const partly = await slipway(['rerun', 'shop/web#2', '--failed']);
    expect(partly).toMatchObject({ status: 1, stderr: expect.stringContaining('has not ended') as string });
  });

  it('have a step that is cancelled alone, by its name, where it runs', async () => {
    const { items } = JSON.parse((await slipway(['builds', '--json'])).stdout) as Page<BuildSummary>;
    const build = (await (await server.api('GET', `/builds/${items[0]?.id ?? ''}`)).json()) as BuildView;
    const step = build.workflows[0]?.steps.find(({ kind }) => kind === 'step')?.name ?? '';
    for (const name of [step, `${build.workflows[0]?.name ?? ''}:${step}`])
      expect((await slipway(['cancel', 'shop/web#2', name])).stderr).toContain(
        `The step ${step} does not run: it is pending.`,
      );
    const wrong = await slipway(['cancel', 'shop/web#2', 'fly']);
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no step fly; it has:') as string,
    });
  });

  it('that fail in the pipeline file are followed to their problems, and fail the command', async () => {
    const commit = repository.commit({
      'slipway.yml': 'steps:\n  - name: a\n    image: busybox:1\n    commandss: [x]\n',
    });
    await server.deliver('push', pushPayload({ repository: 'shop/web', commit }));
    await server.deps.intake.idle();
    const ran = await slipway(['logs', '-f', 'shop/web#3']);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/failure: the pipeline file has/);
    const problem =
      'slipway.yml:4:5 error key_unknown\n  `commandss` is no key of a step.\n' +
      '   4 |     commandss: [x]\n     |     ^^^^^^^^^\n  Did you mean `commands`?\n';
    expect(ran.stdout).toContain(problem);
    expect(await slipway(['logs', 'shop/web#3'])).toEqual({ status: 1, stdout: problem, stderr: '' });
  });

  it('tell their deliveries', async () => {
    expect((await slipway(['deliveries'])).stdout).toMatch(/^dlv_\w+ {2}built {2}push {2}shop\/web/);
  });
});

it('makes the token of a worker, for the routers named only', async () => {
  expect((await slipway(['worker', 'add', 'w1'])).stdout).toMatch(/^slipway_worker_[\w-]{43}\n$/);
  const two = await slipway(['worker', 'add', 'w2', '--router', 'east', '--router', 'west']);
  expect(two.status).toBe(0);
  expect((await slipway(['workers'])).stdout).toMatch(/^w1 {2}away.*\nw2 {2}away/);
  const page = JSON.parse((await slipway(['workers', '--json'])).stdout) as Page<WorkerView>;
  expect(page.items.map(({ tokenRouters }) => tokenRouters)).toEqual([[], ['east', 'west']]);
  const four = ['worker', 'add', 'w4', '--label', 'gpu=yes', '--label', 'os=linux'];
  expect((await slipway(four)).status).toBe(0);
  const [, , w4] = (JSON.parse((await slipway(['workers', '--json'])).stdout) as Page<WorkerView>).items;
  expect(w4?.tokenLabels).toEqual({ gpu: 'yes', os: 'linux' });
  expect((await slipway(['worker', 'add', 'w5', '--label', 'gpu'])).stderr).toContain('is not name=value');
  expect((await slipway(['worker', 'add', 'w5', '--label', 'gpu=a,b'])).stderr).toContain('is not of A-Z');
  expect((await slipway(['worker', 'add', 'w3', '--router', 'No Name'])).stderr).toContain(
    '--router No Name is not a name of a-z, 0-9, "." and "-".',
  );
});

it("revokes a worker's token", async () => {
  expect((await slipway(['worker', 'revoke', 'w4'])).stdout).toBe('revoked the token of w4\n');
  expect((await slipway(['worker', 'list'])).stdout).toMatch(/\nw4 {2}revoked /);
  expect((await slipway(['worker', 'revoke', 'w9'])).stderr).toContain('There is no worker w9.');
});

it('lets a worker drain, and work again', async () => {
  expect((await slipway(['worker', 'drain', 'w1'])).stdout).toBe('w1 drains; it runs nothing\n');
  expect((await slipway(['worker', 'list'])).stdout).toMatch(/^w1 {2}away, drains.*\nw2 {2}away /);
  expect((await slipway(['worker', 'drain', 'w1', '--wait'])).stdout).toBe(
    'w1 has drained: it runs nothing\n',
  );
  expect((await slipway(['worker', 'undrain', 'w1'])).stdout).toBe('w1 works again\n');
  expect((await slipway(['worker', 'list'])).stdout).toMatch(/^w1 {2}away .*\nw2 {2}away /);
  const unknown = await slipway(['worker', 'drain', 'w9']);
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain('There is no worker w9.');
  expect((await slipway(['worker', 'drain'])).status).toBe(2);
});

it('makes, lists and revokes admin tokens', async () => {
  const made = await slipway(['token', 'create', 'ci', '--days', '90']);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const token = made.stdout.trim();
  expect(token).toMatch(/^slipway_admin_[\w-]{43}$/);
  expect((await slipway(['builds'], { env: { SLIPWAY_TOKEN: token } })).status).toBe(0);
  const list = (await slipway(['token', 'list'])).stdout.split('\n');
  expect(list[0]).toMatch(/^admin {2}made \d+ (?:s|min) ago +used .+ ago +no end +0 sessions {2}this one$/);
  expect(list[1]).toMatch(/^ci {5}made \d+ (?:s|min) ago +used .+ ago +until \d{4}-\d\d-\d\d {2}0 sessions$/);
  expect((await slipway(['token', 'revoke', 'ci'])).stdout).toBe('revoked ci\n');
  expect((await slipway(['builds'], { env: { SLIPWAY_TOKEN: token } })).status).toBe(1);
  const own = await slipway(['token', 'revoke', 'admin']);
  expect([own.status, own.stdout]).toEqual([1, '']);
  expect(own.stderr).toContain('admin is the token that this command uses; nothing was revoked.');
  expect((await slipway(['token', 'revoke', 'admin', '--yes'])).stderr).toContain('is the last one');
});

it('lists who changed what, and filters it', async () => {
  expect(await slipway(['token', 'create', 'audited'])).toMatchObject({ status: 0 });
  expect(await slipway(['token', 'revoke', 'no-such-token'])).toMatchObject({ status: 1 });
  const lines = async (...args: string[]) => (await slipway(['audit', ...args])).stdout.trimEnd().split('\n');
  const [newest = '', before = ''] = await lines('-n', '2');
  // What was asked for and is not there is not named: it may have been a token.
  expect(newest).toMatch(/admin +token\.revoke +not_found +127\.0\.0\.1$/);
  expect(newest).not.toContain('no-such-token');
  expect(before).toMatch(/admin +token\.make +audited +done +127\.0\.0\.1$/);
  const [id = ''] = before.split(' ');
  const found = await lines('--action', 'token.make', '--subject', 'audi');
  expect(found).toEqual([expect.stringContaining(id)]);
  expect(await lines('--actor', 'nobody-at-all')).toEqual(['no entries']);
  expect(await lines('--since', '2999-01-01')).toEqual(['no entries']);
  const more = await lines('-n', '1');
  expect(more.at(-1)).toMatch(/^older ones: --before aud_/);
});

it('adds, lists, tries, changes and removes a notification target, its secret by standard input', async () => {
  const made = await server.deps.projects.add({
    cloneUrl: repository.cloneUrl,
    path: 'told/web',
    token: 'ghp_secret',
  });
  expect(made.projectId).toMatch(/^prj_/);
  const target = ['--webhook', 'https://hooks.example.com/x', '--secret-stdin', '--event', 'build.failed'];
  const added = await slipway(['notify', 'add', 'told/web', ...target, '--branch', 'main', '--json'], {
    input: 'what signs the messages\n',
  });
  expect(added).toMatchObject({ status: 0, stderr: '' });
  const { id, to } = JSON.parse(added.stdout) as { id: string; to: string[] };
  expect(to).toEqual(['https://hooks.example.com']);
  const listed = async () => (await slipway(['notify', 'list', 'told/web'])).stdout;
  expect(await listed()).toMatch(
    /^ntf_\w+ +https:\/\/hooks\.example\.com +build\.failed +main +nothing sent yet$/m,
  );
  expect(await slipway(['notify', 'test', 'told/web', id])).toMatchObject({ status: 0 });
  expect(await listed()).toContain('pending');
  const elsewhere = ['--webhook', 'https://new.example.com/x', '--event', 'build.ended'];
  expect(await slipway(['notify', 'change', 'told/web', id, ...elsewhere])).toMatchObject({ status: 0 });
  expect(await listed()).toMatch(/^ntf_\w+ +https:\/\/new\.example\.com +build\.ended +main +/m);
  expect(await slipway(['notify', 'change', 'told/web', id])).toMatchObject({ status: 2 });
  expect(await slipway(['notify', 'remove', 'told/web', id])).toMatchObject({ status: 0 });
  expect(await listed()).toBe('no notifications yet\n');
  const wrong = await slipway(['notify', 'add', 'told/web', '--email', 'ada', '--event', 'build.failed']);
  expect(wrong).toMatchObject({ status: 1, stdout: '' });
  expect(wrong.stderr).toContain('is not an e-mail address');
});
