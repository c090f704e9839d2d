import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../config/times.ts';
import { deployOf, IMAGE_REPORTS, makeRecord, planOf, prepare, switchOver } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 100 });
  project = await record.project();
});
afterEach(() => record.close());

const imageOf = (name: number): string =>
  `registry.test:5000/shop/web@sha256:${String(name).padStart(64, '0')}`;

/** A green build with that image; returns its deployment, whose turn it is. */
async function built(name: number, environment = 'production'): Promise<string> {
  const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf(environment)] }) });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  const [image] = IMAGE_REPORTS;
  if (image !== undefined) await lease.report(image);
  const [repository = '', digest = ''] = imageOf(name).split('@');
  await lease.report({ type: 'image.pushed', image: { repository, digest, bytesPushed: 1, bytesReused: 0 } });
  await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
  return record.deploymentOf(buildId);
}

async function deployed(name: number, environment?: string): Promise<string> {
  const id = await built(name, environment);
  const lease = await ada.claimDeployment(id);
  await prepare(lease);
  await switchOver(lease);
  return id;
}

async function failed(name: number): Promise<void> {
  const lease = await ada.claimDeployment(await built(name));
  await lease.report({ type: 'deployment.phase', phase: 'pulling', detail: null });
  await lease.report({ type: 'deployment.finished', status: 'failure', reason: 'no', logBytes: 0 });
}

const unused = async () => [...(await record.builds.routerRecord(ada.known, 'local')).unusedImages].sort();

describe('the images that a router’s engine needs no more', () => {
  it('are none while an environment has few', async () => {
    for (let name = 1; name <= 2 + LIMITS.keptReleases; name++) await deployed(name);
    expect(await unused()).toEqual([]);
  });

  it('are those before live, standby and the newest that were live', async () => {
    expect(LIMITS.keptReleases).toBe(3);
    for (let name = 1; name <= 7; name++) await deployed(name);
    expect(await unused()).toEqual([imageOf(1), imageOf(2)]);
    record.clock.now += 61_000;
    await record.builds.reconcile();
    expect(await unused()).toEqual([imageOf(1), imageOf(2), imageOf(3)]);
  });

  it('are those of deployments that failed, but not of what waits or is at work', async () => {
    await deployed(1);
    await failed(2);
    expect(await unused()).toEqual([imageOf(2)]);
    await ada.claimDeployment(await built(3));
    await built(4);
    expect(await unused()).toEqual([imageOf(2)]);
    await built(2);
    expect(await unused()).toEqual([]);
  });

  it('are not those which a rollback has made live again, nor what it is to bring back', async () => {
    const first = await deployed(1);
    for (let name = 2; name <= 8; name++) await deployed(name);
    expect(await unused()).toContain(imageOf(1));
    const { id } = await record.store.db.selectFrom('environment').select('id').executeTakeFirstOrThrow();
    const { deploymentId } = await record.builds.rollBack(id, first);
    expect(await unused()).not.toContain(imageOf(1));
    const lease = await ada.claimDeployment(deploymentId);
    await prepare(lease);
    await switchOver(lease);
    expect(await unused()).toEqual([imageOf(2), imageOf(3), imageOf(4)]);
  });

  it('are not those that another environment of the router needs', async () => {
    await deployed(1, 'staging');
    for (let name = 1; name <= 7; name++) await deployed(name);
    expect(await unused()).toEqual([imageOf(2)]);
  });

  it('are told until they are long gone, also when many deployments fail', async () => {
    for (let name = 1; name <= 4; name++) await deployed(name);
    for (let name = 10; name < 40; name++) await failed(name);
    for (let name = 5; name <= 6; name++) await deployed(name);
    const images = await unused();
    expect(images).toContain(imageOf(1));
    expect(images).toContain(imageOf(39));
    expect(images).not.toContain(imageOf(2));
    expect(images.length).toBeLessThan(25);
  });
});
