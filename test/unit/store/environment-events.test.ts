import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvironment } from '../../../src/store/read/environments.ts';
import {
  deployOf,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada');
});
afterEach(() => record.close());

const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => `http://${host}` };

it('shows what the router did by itself, newest first, with the build that was live, in its own environment only', async () => {
  const { environmentId, other, deploymentId, buildId, number } = await live();
  const event = {
    environmentId,
    deploymentId,
    type: 'failover' as const,
    requests: 12,
    id: 'a',
    atMs: 2_000,
  };
  await record.builds.routerEvents(ada.known, 'local', {
    events: [
      event,
      { ...event, id: 'b', type: 'live_down', atMs: 1_000, requests: 0 },
      { ...event, id: 'c', type: 'live_up', atMs: 3_000, requests: 0, deploymentId: null },
      event,
    ],
  });
  const view = await readEnvironment(record.store.db, environmentId, context);
  expect(view?.events).toEqual([
    {
      id: 'router:local:c',
      type: 'live_up',
      sinceMs: 3_000,
      atMs: 3_000,
      requests: 0,
      buildId: null,
      buildNumber: null,
    },
    {
      id: 'router:local:a',
      type: 'failover',
      sinceMs: 2_000,
      atMs: 2_000,
      requests: 12,
      buildId,
      buildNumber: number,
    },
    {
      id: 'router:local:b',
      type: 'live_down',
      sinceMs: 1_000,
      atMs: 1_000,
      requests: 0,
      buildId,
      buildNumber: number,
    },
  ]);
  expect((await readEnvironment(record.store.db, other, context))?.events).toEqual([]);
});

it('joins what is told each second of one fail-over, and shows the newest 50', async () => {
  const { environmentId, deploymentId } = await live();
  const types = ['live_down', 'failover', 'failover', 'live_up'] as const;
  const events = Array.from({ length: 240 }, (_, n) => ({
    id: `e${n}`,
    atMs: n,
    environmentId,
    deploymentId,
    type: types[n % 4] ?? 'failover',
    requests: n % 4 === 1 || n % 4 === 2 ? n : 0,
  }));
  await record.builds.routerEvents(ada.known, 'local', { events });
  const view = await readEnvironment(record.store.db, environmentId, context);
  expect(view?.events).toHaveLength(50);
  expect(view?.events.slice(0, 3)).toMatchObject([
    { type: 'live_up', sinceMs: 239, atMs: 239, requests: 0 },
    { type: 'failover', sinceMs: 237, atMs: 238, requests: 237 + 238 },
    { type: 'live_down', sinceMs: 236, atMs: 236, requests: 0 },
  ]);
});

/** Two environments; something is live in the first. */
async function live() {
  const project = await record.project();
  const plan = planOf({ deploys: [deployOf('production'), deployOf('staging')] });
  const { buildId, number } = await record.build(project, { plan });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const rows = await record.store.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .select(['deployment.id', 'environment.id as environmentId', 'environment.name'])
    .execute();
  const of = (name: string) => {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw new Error(`no deployment to ${name}`);
    return row;
  };
  const { id: deploymentId, environmentId } = of('production');
  const lease = await ada.claimDeployment(deploymentId);
  await prepare(lease);
  await switchOver(lease);
  return { environmentId, other: of('staging').environmentId, deploymentId, buildId, number };
}
