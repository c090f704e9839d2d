import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { Status } from '../../../src/core/status.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { EnvironmentView } from '../../../src/core/views/environment-view.ts';
import type { Page } from '../../../src/core/views/page.ts';
import { alone, deployOf, planOf, pushOf } from '../../support/record.ts';
import { startSlipway, type Ran, type Running } from '../../support/slipway-command.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';
import { waitFor } from '../../support/wait.ts';

let server: TestServer;
let projectId: string;
beforeAll(async () => {
  server = await startTestServer({ intake: false });
  projectId = newId('prj');
  await server.deps.store.transaction((tx) =>
    tx.db
      .insertInto('project')
      .values({
        id: projectId,
        path: 'shop/web',
        clone_url: 'https://git.test/shop/web.git',
        host_repository: 'shop/web',
        default_branch: 'main',
        clone_token: null,
        created_at: 0,
      })
      .execute(),
  );
});
afterAll(() => server.close());

const start = (...args: string[]): Running =>
  startSlipway(args, { SLIPWAY_URL: server.url, SLIPWAY_TOKEN: server.adminToken });
const slipway = (...args: string[]): Promise<Ran> => start(...args).ended;

/** A green build whose deployment to production has got as far as `status`, with a log. */
async function greenBuild(status: Status, reason: string | null = null): Promise<BuildView> {
  const { buildId } = await server.deps.builds.createBuild({
    projectId,
    deliveryId: null,
    event: pushOf('main'),
    outcome: { kind: 'plan', plan: alone(planOf({ deploys: [deployOf('production')] })), warnings: [] },
    blocked: null,
  });
  await server.deps.store.transaction(async (tx) => {
    await sql`update build set status = 'success', finished_at = 2 where id = ${buildId}`.execute(tx.db);
    await sql`update step set status = 'skipped'`.execute(tx.db);
  });
  const build = await show(buildId);
  await setDeployment(build, status, reason);
  return show(buildId);
}

async function show(id: string): Promise<BuildView> {
  return (await (await server.api('GET', `/builds/${id}`)).json()) as BuildView;
}

async function setDeployment(build: BuildView, status: Status, reason: string | null = null): Promise<void> {
  const { id, environmentId } = deploymentOf(build);
  await server.deps.store.transaction(async (tx) => {
    const startedAt = status === 'pending' ? null : 3;
    await sql`update deployment set status = ${status}, reason = ${reason}, started_at = ${startedAt} where id = ${id}`.execute(
      tx.db,
    );
    tx.changed('build', build.id);
    tx.changed('environment', environmentId);
  });
}

/** Appends a line to the deployment's log, and ends it. */
async function writeLog(build: BuildView, line: string): Promise<void> {
  const bytes = Buffer.from(`${line}\n`);
  const segments = [{ length: bytes.length, timeMs: 1, stream: 'stdout' as const }];
  await server.deps.logs.append([
    { logId: deploymentOf(build).logId, offset: 0, segments, bytes, end: true },
  ]);
}

function deploymentOf(build: BuildView): BuildView['deployments'][number] {
  const [deployment] = build.deployments;
  if (deployment === undefined) throw new Error('the build has no deployment');
  return deployment;
}

it('the list of builds shows a failed deployment beside the success of its build', async () => {
  const build = await greenBuild('failure', 'not healthy');
  const { items } = (await (await server.api('GET', '/builds')).json()) as Page<BuildView>;
  expect(items[0]?.deployments).toEqual([
    { id: deploymentOf(build).id, environment: 'production', status: 'failure', reason: 'not healthy' },
  ]);
  expect((await slipway('builds')).stdout).toMatch(
    new RegExp(`^shop/web#${build.number} {2}success, production failure `),
  );
});

it('logs -f of a build whose deployment failed says why, and fails', async () => {
  const build = await greenBuild('failure', 'not healthy');
  await writeLog(build, 'GET / answers 500');
  const { status, stdout } = await slipway('logs', `shop/web#${build.number}`, '-f');
  expect(stdout).toMatch(
    /success\n── production deployment\nGET \/ answers 500\nproduction: failure: not healthy\n$/,
  );
  expect(status).toBe(1);
});

it('logs -f follows a deployment that begins after its build has ended, to its own end', async () => {
  const build = await greenBuild('pending');
  const running = start('logs', build.id, '-f');
  await waitFor('it says that it deploys', () => running.stdout().includes('deploying to production …'));
  await setDeployment(build, 'running');
  await writeLog(build, 'pulled');
  await waitFor('it shows the log', () => running.stdout().includes('pulled'));
  expect(running.child.exitCode).toBeNull();
  await setDeployment(build, 'success');
  const { status, stdout } = await running.ended;
  expect(stdout).toMatch(
    /success\ndeploying to production …\n── production deployment\npulled\nproduction: success\n$/,
  );
  expect(status).toBe(0);
});

it('logs shows the log of the deployment to the environment that is named', async () => {
  const build = await greenBuild('success');
  await writeLog(build, 'switched');
  const { status, stdout } = await slipway('logs', build.id, 'production');
  expect([status, stdout]).toEqual([0, '── production deployment\nswitched\n']);
  const other = await slipway('logs', build.id, 'staging');
  expect(other.status).toBe(2);
  expect(other.stderr).toContain('the build has no step or environment staging; it has:');
  expect(other.stderr).toContain('production');
});

it.each([
  ['success', 0],
  ['error', 1],
] as const)('deploy --wait of what ends in %s exits with %i', async (end, exit) => {
  const build = await releasedBuild();
  const running = start('deploy', 'shop/web:production', deploymentOf(build).id, '--wait');
  await waitFor('it has begun', () => running.stdout().includes('has begun'));
  const made = /deployment (dep_\w+)/.exec(running.stdout())?.[1] ?? '';
  const { environmentId } = deploymentOf(build);
  const { history } = (await (
    await server.api('GET', `/environments/${environmentId}`)
  ).json()) as EnvironmentView;
  const deployment = history.find(({ id }) => id === made);
  expect(running.child.exitCode).toBeNull();
  await setDeployment({ ...build, deployments: deployment === undefined ? [] : [deployment] }, end);
  expect(await running.ended).toMatchObject({
    status: exit,
    stdout: `deployment ${made} has begun\nproduction: ${end}\n`,
  });
});

/** A build whose release can be deployed again. */
async function releasedBuild(): Promise<BuildView> {
  const build = await greenBuild('success');
  const { id, environmentId } = deploymentOf(build);
  const release = { id: newId('rel'), settings: deployOf('production'), buildId: build.id };
  await server.deps.store.transaction(async (tx) => {
    await tx.db
      .insertInto('release')
      .values({
        id: release.id,
        environment_id: environmentId,
        build_id: build.id,
        digest: `sha256:${'2'.repeat(64)}`,
        hash: 'hash',
        release_json: JSON.stringify(release),
        created_at: 0,
      })
      .execute();
    await tx.db.updateTable('deployment').set({ release_id: release.id }).where('id', '=', id).execute();
  });
  return build;
}
