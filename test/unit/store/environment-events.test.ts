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
    { id: 'router:local:c', type: 'live_up', atMs: 3_000, requests: 0, buildId: null, buildNumber: null },
    { id: 'router:local:a', type: 'failover', atMs: 2_000, requests: 12, buildId, buildNumber: number },
    { id: 'router:local:b', type: 'live_down', atMs: 1_000, requests: 0, buildId, buildNumber: number },
  ]);
  expect((await readEnvironment(record.store.db, other, context))?.events).toEqual([]);
});

it('shows the newest of many', async () => {
  const { environmentId, deploymentId } = await live();
  for (let n = 0; n < 60; n++)
    await record.builds.routerEvents(ada.known, 'local', {
      events: [{ id: `e${n}`, atMs: n, environmentId, deploymentId, type: 'failover', requests: 1 }],
    });
  const view = await readEnvironment(record.store.db, environmentId, context);
  expect(view?.events.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, n) => 59 - n));
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
