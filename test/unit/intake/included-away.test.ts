import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { Plan } from '../../../src/core/plan.ts';
import type { LintProblemView } from '../../../src/core/views/lint-view.ts';
import { keepSchedules } from '../../../src/intake/keep-schedules.ts';
import { startGitHost, type GitHost, type HostedRepository } from '../../support/git-host.ts';
import { pullRequestPayload, pushPayload } from '../../support/github-payloads.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

/* What a build includes of a project on another Git host, which fails, hangs, or is read while the server ends. */

const STEPS = 'steps:\n  - name: unit\n    image: busybox\n    commands: [true]\n';
const REVIEW =
  '  - name: review\n    image: busybox\n    commands: [true]\n    when: { event: pull_request }\n';
/** More than a build asks. */
const ALWAYS = 1_000;

let directory: string;
let host: GitHost;
let other: GitHost;
const fails: { failures?: number } = {};
let repository: HostedRepository;
let shared: HostedRepository;
let server: TestServer;
beforeEach(async () => {
  fails.failures = 0;
  directory = await mkdtemp(path.join(tmpdir(), 'slipway-included-away-'));
  host = await startGitHost();
  other = await startGitHost(fails);
  repository = host.create('shop/web');
  repository.commit({ 'slipway.yml': STEPS });
  shared = other.create('team/shared');
  shared.commit({ x: '1' });
  server = await startTestServer({ directory });
  for (const { cloneUrl } of [repository, shared])
    await server.deps.projects.add({ cloneUrl, path: null, token: null });
  expect((await server.api('PATCH', '/projects/team%2Fshared', { sharedWith: ['*'] })).status).toBe(200);
  await server.deps.intake.idle();
});
afterEach(async () => {
  other.resume();
  await server.close();
  await Promise.all([host.close(), other.close()]);
  await rm(directory, { recursive: true, force: true });
});

const db = () => server.deps.store.db;
/** The builds so far, in their order, as `kind: steps` or `kind: code of the first problem`. */
const built = async (): Promise<readonly string[]> => {
  const rows = await db()
    .selectFrom('build')
    .leftJoin('workflow', 'workflow.build_id', 'build.id')
    .orderBy('number')
    .select(['event_kind', 'plan_json', 'problems_json', 'build.reason'])
    .execute();
  return rows.map(({ event_kind: kind, plan_json: plan, problems_json: problems, reason }) => {
    const steps = plan === null ? null : (JSON.parse(plan) as Plan).steps.filter(({ selected }) => selected);
    const [first] = JSON.parse(problems ?? '[]') as LintProblemView[];
    return `${kind}: ${steps?.map(({ name }) => name).join(' ') ?? first?.code ?? reason ?? ''}`;
  });
};
const delivery = () =>
  db().selectFrom('delivery').select(['id', 'outcome', 'reason']).executeTakeFirstOrThrow();

function withInclude(rest: string, before = ''): Record<string, string> {
  const commit = shared.commit({ 'scan.yml': 'steps: { scan: { image: busybox, commands: x } }' });
  return {
    'slipway.yml': `${before}include: [{ project: team/shared, commit: ${commit}, file: scan.yml }]\n${rest}`,
  };
}

const cron = (name: string) => `cron: { ${name}: { schedule: "@daily" } }\n`;
/** Of all schedules there are. */
const names = async () =>
  (await db().selectFrom('schedule').select('name').execute()).map(({ name }) => name);
/** One look, as the server's timer has it. */
async function look(): Promise<void> {
  server.schedules.wake();
  await server.schedules.idle();
}

async function push(files: Record<string, string>): Promise<void> {
  const commit = repository.commit(files);
  const answer = await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'one' });
  expect(answer.status).toBe(202);
}

it('one failed request of the other Git host does a build no harm', async () => {
  fails.failures = 1;
  await push(withInclude(STEPS));
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: scan unit']);
});

it('a build that could not read an include reads it when it is run again', async () => {
  fails.failures = ALWAYS;
  await push(withInclude(STEPS));
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: include_unreachable']);
  fails.failures = 0;
  const { id } = await db().selectFrom('build').select('id').executeTakeFirstOrThrow();
  expect((await server.api('POST', `/builds/${id}/rerun`, {})).status).toBe(201);
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: include_unreachable', 'push: scan unit']);
});

it('"run now" makes no build without the inputs that it was given', async () => {
  const inputs =
    'inputs: { target: { type: choice, options: [staging, production], default: production } }\n';
  repository.commit(withInclude(STEPS, inputs));
  fails.failures = ALWAYS;
  const run = () => server.api('POST', '/projects/shop%2Fweb/builds', { inputs: { target: 'staging' } });
  const away = await run();
  expect([away.status, await away.json()]).toMatchObject([502, { error: { code: 'include_unreachable' } }]);
  expect(await built()).toEqual([]);
  fails.failures = 0;
  expect((await run()).status).toBe(201);
  repository.commit({ 'slipway.yml': `${inputs}steps: 7\n` });
  const wrong = await run();
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { code: 'inputs_wrong' } }]);
  await server.deps.intake.idle();
  expect(await built()).toEqual(['manual: scan unit']);
});

it('what only a pull request has is not left out: its delivery fails and can be replayed', async () => {
  const commit = repository.commit(withInclude(STEPS + REVIEW), 'topic', { branch: 'topic' });
  fails.failures = ALWAYS;
  const payload = pullRequestPayload({ repository: 'shop/web', commit, branch: 'topic' });
  expect((await server.deliver('pull_request', payload, { id: 'one' })).status).toBe(202);
  await server.deps.intake.idle();
  expect(await built()).toEqual([]);
  const failed = await delivery();
  expect([failed.outcome, failed.reason]).toEqual(['failed', expect.stringContaining('team/shared@')]);
  fails.failures = 0;
  expect((await server.api('POST', `/deliveries/${failed.id}/replay`, {})).status).toBe(202);
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: scan unit', 'pull_request: scan unit review']);
}, 60_000);

it('schedules stay as they are until the include can be read, without another push', async () => {
  await push(withInclude(STEPS, cron('early')));
  await server.deps.intake.idle();
  expect(await names()).toEqual(['early']);
  fails.failures = ALWAYS;
  const commit = repository.commit(withInclude(STEPS, cron('late')));
  await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'two' });
  await server.deps.intake.idle();
  expect(await names()).toEqual(['early']);
  fails.failures = 0;
  await look();
  expect(await names()).toEqual(['late']);
});

it('an older commit that is read late does not have a newer one read no more', async () => {
  await push(withInclude(STEPS, cron('early')));
  await server.deps.intake.idle();
  const older = newId('dlv', Date.now());
  await setTimeout(2);
  fails.failures = ALWAYS;
  const commit = repository.commit(withInclude(STEPS, cron('late')));
  await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'two' });
  await server.deps.intake.idle();
  fails.failures = 0;
  const { id: projectId } = await db()
    .selectFrom('project')
    .where('path', '=', 'shop/web')
    .select('id')
    .executeTakeFirstOrThrow();
  const wanted = [{ name: 'early', expression: '@daily', timezone: 'UTC' }];
  const read = { projectId, branch: 'main', arrivedWith: older, wanted, nowMs: Date.now() };
  await server.deps.store.transaction((tx) => keepSchedules(tx, read));
  await look();
  expect(await names()).toEqual(['late']);
});

it('an end of the server while an include is fetched leaves the delivery for the next start', async () => {
  const before = other.requests.length;
  other.pause();
  await push(withInclude(STEPS));
  await expect.poll(() => other.requests.length).toBeGreaterThan(before);
  await server.close();
  other.resume();
  server = await startTestServer({ directory });
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: scan unit']);
  expect((await delivery()).outcome).toBe('built');
});

it('an end of the server while a build that is run again is read leaves it for the next start, and those behind it', async () => {
  fails.failures = ALWAYS;
  await push(withInclude(STEPS));
  await server.deps.intake.idle();
  const { id } = await db().selectFrom('build').select('id').executeTakeFirstOrThrow();
  fails.failures = 0;
  other.pause();
  const before = other.requests.length;
  for (let times = 0; times < 2; times++)
    expect((await server.api('POST', `/builds/${id}/rerun`, {})).status).toBe(201);
  await expect.poll(() => other.requests.length).toBeGreaterThan(before);
  await server.close();
  other.resume();
  server = await startTestServer({ directory });
  await server.deps.intake.idle();
  expect(await built()).toEqual(['push: include_unreachable', 'push: scan unit', 'push: scan unit']);
  const attempts = await db().selectFrom('build').orderBy('number').select('plan_attempts').execute();
  expect(attempts.slice(1)).toEqual([{ plan_attempts: 1 }, { plan_attempts: 1 }]);
});

it('a Git host that hangs while files of it are included holds up no delivery and no re-run of another project', async () => {
  await push({ 'slipway.yml': STEPS });
  await server.deps.intake.idle();
  const including = withInclude(STEPS);
  const before = other.requests.length;
  const clone_url = shared.cloneUrl.replace('127.0.0.1', 'localhost');
  await server.deps.store.transaction((tx) =>
    tx.db.updateTable('project').set({ clone_url }).where('path', '=', 'team/shared').execute(),
  );
  other.pause();
  for (const name of ['one', 'two', 'three', 'four']) {
    const made = host.create(`away/${name}`);
    await server.deps.projects.add({ cloneUrl: made.cloneUrl, path: null, token: null });
    const commit = made.commit(including);
    await server.deliver('push', pushPayload({ repository: made.fullName, commit }), { id: name });
  }
  await expect.poll(() => other.requests.length).toBeGreaterThan(before);
  const commit = repository.commit({
    'slipway.yml': `${STEPS}  - { name: more, image: busybox, commands: x }\n`,
  });
  await server.deliver('push', pushPayload({ repository: 'shop/web', commit }), { id: 'next' });
  await expect.poll(built, { timeout: 20_000 }).toContain('push: unit more');
  const { id } = await db().selectFrom('build').orderBy('number').select('id').executeTakeFirstOrThrow();
  expect((await server.api('POST', `/builds/${id}/rerun`, {})).status).toBe(201);
  await expect.poll(built, { timeout: 20_000 }).toEqual(['push: unit', 'push: unit more', 'push: unit']);
}, 60_000);
