import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployOf, makeRecord, planOf, prepare, runWorkflow, switchOver } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada');
  project = await record.project();
});
afterEach(() => record.close());

const connect = (set: { host_token?: string; installation_id?: string }) =>
  record.store.transaction((tx) => tx.db.updateTable('project').set(set).where('id', '=', project).execute());

/** What the Git host is to be told, in the order in which it would be. */
async function told(): Promise<string[]> {
  const rows = await record.store.db
    .selectFrom('outbox')
    .select('payload_json')
    .where('kind', '=', 'commit-status')
    .orderBy('id')
    .execute();
  return rows.map((row) => {
    const { context, state, description } = JSON.parse(row.payload_json) as Record<string, string>;
    return `${context ?? ''}: ${state ?? ''}, ${description ?? ''}`;
  });
}

const workflow = async (buildId: string) => ada.claimWorkflow(await record.workflowOf(buildId));
const deploymentOf = async (buildId: string) => {
  const { id } = await record.store.db
    .selectFrom('deployment')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  return id;
};

describe('a connected project has its Git host told', () => {
  it.each([{ host_token: 'sealed' }, { installation_id: '7' }])(
    'of each state of a build, in their order (%j)',
    async (set) => {
      await connect(set);
      const { buildId } = await record.build(project);
      record.clock.now += 1_000;
      const lease = await workflow(buildId);
      record.clock.now += 62_000;
      await runWorkflow(lease);
      expect(await told()).toEqual([
        'slipway/build: pending, waits for its turn',
        'slipway/build: pending, is running',
        'slipway/build: success, succeeded in 1 min 2 s',
      ]);
    },
  );

  it('of the page that tells more, and of nothing that opens its API', async () => {
    await connect({ host_token: 'sealed-token' });
    const { buildId } = await record.build(project);
    const row = await record.store.db.selectFrom('outbox').selectAll().executeTakeFirstOrThrow();
    expect(JSON.parse(row.payload_json)).toMatchObject({
      projectId: project,
      commit: 'a'.repeat(40),
      path: `/builds/${buildId}`,
    });
    expect(JSON.stringify(row)).not.toContain('sealed-token');
  });

  it('in the order of what happened, even where the clock goes back', async () => {
    await connect({ host_token: 'sealed' });
    const { buildId } = await record.build(project);
    record.clock.now -= 3_600_000;
    await record.builds.cancelBuild(buildId, 'by ada');
    expect(await told()).toEqual([
      'slipway/build: pending, waits for its turn',
      'slipway/build: error, cancelled: by ada',
    ]);
  });

  it('of the newest build of a commit only, once it is run again', async () => {
    await connect({ host_token: 'sealed' });
    const first = await record.build(project);
    const lease = await workflow(first.buildId);
    await record.builds.rerunBuild(first.buildId);
    await runWorkflow(lease, 'failure');
    expect((await told()).slice(2)).toEqual(['slipway/build: pending, waits for its turn']);
  });

  it('of a tag of the same commit in another context', async () => {
    await connect({ host_token: 'sealed' });
    await record.build(project);
    await record.build(project, { event: { kind: 'tag', tag: 'v1' } as never });
    expect((await told()).map((line) => line.split(':')[0])).toEqual(['slipway/build', 'slipway/build/tag']);
  });

  it('of a deployment from its turn on, beside the commit that it deploys, and of a rollback to it', async () => {
    await connect({ host_token: 'sealed' });
    const plan = planOf({ deploys: [deployOf('production')] });
    const deploy = async (commit: string): Promise<void> => {
      const { buildId } = await record.build(project, { plan, event: { commit } });
      record.clock.now += 1;
      await runWorkflow(await workflow(buildId));
      const lease = await ada.claimDeployment(await deploymentOf(buildId));
      await prepare(lease);
      await switchOver(lease);
    };
    await deploy('a'.repeat(40));
    await deploy('b'.repeat(40));
    const of = async (commit: string) => {
      const rows = await record.store.db.selectFrom('outbox').select('payload_json').orderBy('id').execute();
      return rows
        .map((row) => JSON.parse(row.payload_json) as Record<string, string>)
        .filter((one) => one['commit'] === commit && one['context'] === 'slipway/deploy/production')
        .map(({ state, description }) => `${state ?? ''}, ${description ?? ''}`);
    };
    const deployed = ['pending, is being deployed', 'success, deployed'];
    expect(await of('a'.repeat(40))).toEqual(deployed);
    expect(await of('b'.repeat(40))).toEqual(deployed);
    const { id } = await record.store.db.selectFrom('environment').select('id').executeTakeFirstOrThrow();
    const { deploymentId } = await record.builds.rollBack(id, null);
    const lease = await ada.claimDeployment(deploymentId);
    await prepare(lease);
    await switchOver(lease);
    expect(await of('a'.repeat(40))).toEqual([
      ...deployed,
      'pending, is being rolled back to',
      'success, rolled back to this release',
    ]);
    expect(await of('b'.repeat(40))).toEqual(deployed);
  });
});

it('a project without a connection has nobody told', async () => {
  const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
  await runWorkflow(await workflow(buildId));
  await ada.claimDeployment(await deploymentOf(buildId));
  expect(await told()).toEqual([]);
});
