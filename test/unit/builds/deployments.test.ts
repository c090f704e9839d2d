import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { Problem } from '../../../src/core/problem.ts';
import { readEnvironment } from '../../../src/store/read/environments.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
} from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 8 });
  project = await record.project();
});
afterEach(() => record.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no problem',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

const deploys = [deployOf('production')];

interface About {
  readonly deliveryId?: string;
  /** How long it keeps the one before as standby, where that is not the test's usual time. */
  readonly standbyMs?: number;
}

/** A build with one deployment, its workflow claimed. */
async function begun({ deliveryId, standbyMs }: About = {}) {
  const about = deliveryId === undefined ? {} : { deliveryId };
  const plan = planOf({
    deploys: standbyMs === undefined ? deploys : [deployOf('production', { standbyMs })],
  });
  const { buildId, number } = await record.build(project, { plan, ...about });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  const { id } = await record.store.db
    .selectFrom('deployment')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  return { buildId, number, lease, deployment: id };
}

/** A build that is live. */
async function deployed(options: About = {}) {
  const build = await begun(options);
  await runWorkflow(build.lease);
  const lease = await ada.claimDeployment(build.deployment);
  await prepare(lease);
  await switchOver(lease);
  return build;
}

async function slots(): Promise<string[]> {
  const rows = await record.store.db.selectFrom('slot').select('role').orderBy('slot_index').execute();
  return rows.map(({ role }) => role);
}

async function environment() {
  return record.store.db.selectFrom('environment').selectAll().executeTakeFirstOrThrow();
}

/** What the page names as the log of each slot's app. */
async function appLogs() {
  const { id } = await environment();
  const views = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
  const view = await readEnvironment(record.store.db, id, views);
  return view?.slots.map(({ logId }) => logId);
}

async function reasonOf(deployment: string) {
  const row = await record.store.db
    .selectFrom('deployment')
    .select(['status', 'reason'])
    .where('id', '=', deployment)
    .executeTakeFirstOrThrow();
  return `${row.status}: ${row.reason ?? ''}`;
}

describe('preparing ahead', () => {
  it('begins once the image is built, on that image, and learns its release when it is pushed', async () => {
    const { lease, deployment, buildId } = await begun();
    expect(await codeOf(ada.claimDeployment(deployment))).toBe('claim_refused');
    const [built, pushed] = IMAGE_REPORTS;
    await lease.report(built!);
    const { work, open } = await ada.claimDeployment(deployment);
    const [plan] = deploys;
    expect(work).toMatchObject({
      release: null,
      built: { imageId: `sha256:${'1'.repeat(64)}`, settings: plan },
    });
    expect(await slots()).toEqual(['candidate', 'empty', 'empty']);
    const before = await record.builds.signals(open, 0, 0);
    expect(before.signals).toMatchObject({ release: null, verdict: 'wait' });
    const waiting = record.builds.signals(open, before.version, 5_000);
    await lease.report(pushed!);
    const { release } = (await waiting).signals;
    expect(release).toMatchObject({ digest: `sha256:${'2'.repeat(64)}`, buildId });
    const named = await record.store.db
      .selectFrom('slot')
      .select('release_id')
      .orderBy('slot_index')
      .execute();
    expect(named.map(({ release_id }) => release_id)).toEqual([release?.id, null, null]);
  });

  it('is undone when its image cannot be pushed', async () => {
    const { lease, deployment } = await begun();
    await lease.report(IMAGE_REPORTS[0]!);
    const deploying = await ada.claimDeployment(deployment);
    await lease.report({ type: 'workflow.finished', status: 'error', reason: 'the registry is away' });
    const { signals } = await record.builds.signals(deploying.open, 0, 0);
    expect(signals).toMatchObject({ verdict: 'abort', release: null });
    await deploying.report({
      type: 'deployment.finished',
      status: 'skipped',
      reason: 'the build did not succeed',
      logBytes: 0,
    });
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });

  it('switches only when the build is green', async () => {
    const { lease, deployment, buildId } = await begun();
    for (const body of IMAGE_REPORTS) await lease.report(body);
    const deploying = await ada.claimDeployment(deployment);
    expect(deploying.work.release).toMatchObject({ digest: `sha256:${'2'.repeat(64)}`, buildId });
    expect(deploying.work.built).toBeNull();
    expect(await slots()).toEqual(['candidate', 'empty', 'empty']);
    await prepare(deploying);
    const before = await record.builds.signals(deploying.open, 0, 0);
    expect(before.signals).toMatchObject({ verdict: 'wait', cancel: null });
    const early = deploying.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    expect(await codeOf(early)).toBe('switch_refused');
    expect(await slots()).toEqual(['candidate', 'empty', 'empty']);

    const waiting = record.builds.signals(deploying.open, before.version, 5_000);
    await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
    expect((await waiting).signals.verdict).toBe('switch');
    const again = await record.builds.report(deploying.open, [
      { n: 5, atMs: 0, type: 'deployment.phase', phase: 'switching', detail: null },
    ]);
    expect(again).toEqual({ accepted: 5 });
    expect(await slots()).toEqual(['live', 'empty', 'empty']);
  });

  it('waits for the tags of the build, too', async () => {
    const { lease, deployment } = await begun();
    for (const body of IMAGE_REPORTS) await lease.report(body);
    const deploying = await ada.claimDeployment(deployment);
    const effect = {
      kind: 'tag' as const,
      repository: 'registry.test:5000/shop/web',
      digest: `sha256:${'2'.repeat(64)}`,
      tags: ['main'],
    };
    await record.builds.effect(lease.open, { key: 'tags', effect });
    await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
    expect((await record.builds.signals(deploying.open, 0, 0)).signals.verdict).toBe('wait');
  });

  it('is undone when the build fails: nothing is live, the slot is empty, the deployment skipped', async () => {
    const { lease, deployment } = await begun();
    for (const body of IMAGE_REPORTS) await lease.report(body);
    const deploying = await ada.claimDeployment(deployment);
    await prepare(deploying);
    await lease.report({ type: 'workflow.finished', status: 'failure', reason: 'unit failed' });
    expect((await record.builds.signals(deploying.open, 0, 0)).signals).toMatchObject({
      verdict: 'abort',
      cancel: { reason: 'build #1 ended with failure' },
    });
    const end = { type: 'deployment.finished', status: 'cancelled', reason: 'told to', logBytes: 0 } as const;
    await deploying.report(end);
    expect(await reasonOf(deployment)).toBe('skipped: build #1 ended with failure');
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });

  it('never happens for a build that fails before its push', async () => {
    const { lease, deployment } = await begun();
    await lease.report({ type: 'workflow.finished', status: 'failure', reason: 'no' });
    expect(await reasonOf(deployment)).toBe('skipped: build #1 ended with failure');
  });
});

describe('what a build prepares whose worker is lost', () => {
  /** A build on a worker of its own, which has built its image, and the deployment that prepares on it. */
  async function preparing() {
    const bob = await record.worker('bob', { routers: [] });
    const { buildId, number } = await record.build(project, { plan: planOf({ deploys }) });
    const workflow = await record.workflowOf(buildId);
    const lease = await bob.claimWorkflow(workflow);
    await lease.report(IMAGE_REPORTS[0]!);
    const deployment = await record.deploymentOf(buildId);
    return { bob, buildId, number, workflow, deployment, deploying: await ada.claimDeployment(deployment) };
  }
  /** A build in its steps, with the deployment that prepares its image. */
  async function testing() {
    const build = await begun();
    await build.lease.report(IMAGE_REPORTS[0]!);
    const { attemptId } = build.lease.work.steps.find(({ kind }) => kind === 'step')!;
    await build.lease.report({ type: 'step.started', attemptId });
    return { ...build, deploying: await ada.claimDeployment(build.deployment) };
  }
  const undone = { type: 'deployment.finished', status: 'cancelled', reason: null, logBytes: 0 } as const;

  it('is undone, so that another build is deployed while no worker takes the first', async () => {
    const { bob, buildId, deployment, deploying } = await preparing();
    const other = await begun();
    await other.lease.report(IMAGE_REPORTS[0]!);
    await bob.restart();
    expect(await record.statusOf('build', buildId)).toBe('pending');
    expect((await record.builds.signals(deploying.open, 0, 0)).signals).toMatchObject({
      verdict: 'abort',
      cancel: { reason: 'the worker of build #1 was lost' },
    });
    await deploying.report(undone);
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
    expect(await reasonOf(deployment)).toBe('pending: the worker of build #1 was lost');
    expect((await ada.claimDeployment(other.deployment)).work.candidate).toBe(0);
  });

  it('is prepared again, once that build has an image again', async () => {
    const { bob, workflow, deployment, deploying } = await preparing();
    await bob.restart();
    await deploying.report(undone);
    const again = await ada.claimWorkflow(workflow, 2);
    expect(await codeOf(ada.claimDeployment(deployment, 2))).toBe('claim_refused');
    await again.report(IMAGE_REPORTS[0]!);
    const second = await ada.claimDeployment(deployment, 2);
    expect(second.work.logId).not.toBe(deploying.work.logId);
    await runWorkflow(again);
    await prepare(second);
    await switchOver(second);
    expect(await slots()).toEqual(['live', 'empty', 'empty']);
  });

  it('is given back too when its deployer is lost before it has undone it', async () => {
    const { bob, deployment, deploying } = await preparing();
    await bob.restart();
    await record.builds.giveUp(deploying.open);
    expect(await reasonOf(deployment)).toBe('pending: the worker of build #1 was lost');
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });

  it('leaves no slot taken when deployer and build are lost, the deployer first', async () => {
    const { buildId, deployment, deploying, lease } = await testing();
    await record.builds.giveUp(deploying.open);
    expect(await slots()).toEqual(['candidate', 'empty', 'empty']);
    await record.builds.giveUp(lease.open);
    expect(await record.statusOf('build', buildId)).toBe('error');
    expect(await reasonOf(deployment)).toBe('skipped: build #1 ended with error');
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });

  it('leaves alone the slot of a deployment that came in between', async () => {
    const { deployment, deploying, lease } = await testing();
    await record.builds.giveUp(deploying.open);
    const other = await begun();
    await runWorkflow(other.lease);
    const taken = await ada.claimDeployment(other.deployment);
    expect(taken.work.candidate).toBe(1);
    await record.builds.giveUp(lease.open);
    expect(await reasonOf(deployment)).toMatch(/^skipped/);
    expect(await slots()).toEqual(['empty', 'candidate', 'empty']);
    await prepare(taken);
    await switchOver(taken);
    expect(await slots()).toEqual(['empty', 'live', 'empty']);
  });

  it('takes another slot when its own has gone live with another one meanwhile', async () => {
    const { deployment, deploying, lease } = await testing();
    expect(deploying.work.candidate).toBe(0);
    await record.builds.giveUp(deploying.open);
    const live = { role: 'live', deployment_id: 'dep_of_another_build' } as const;
    await record.store.transaction((tx) =>
      tx.db.updateTable('slot').set(live).where('slot_index', '=', 0).execute(),
    );
    await runWorkflow(lease);
    expect((await ada.claimDeployment(deployment, 2)).work.candidate).toBe(1);
    expect(await slots()).toEqual(['live', 'candidate', 'empty']);
  });

  it('counts as no loss of a deployer', async () => {
    const { bob, workflow, deployment, deploying } = await preparing();
    let last = deploying;
    for (const attempt of [2, 3]) {
      await bob.restart();
      await last.report(undone);
      const again = await bob.claimWorkflow(workflow, attempt);
      await again.report(IMAGE_REPORTS[0]!);
      last = await ada.claimDeployment(deployment, attempt);
    }
    for (const attempt of [4, 5]) {
      await ada.restart();
      expect(await record.statusOf('deployment', deployment)).toBe('pending');
      await ada.claimDeployment(deployment, attempt);
    }
    await ada.restart();
    expect(await reasonOf(deployment)).toBe('error: deployer lost (its worker started again), 3 times');
  });

  it('ends with that build when it is cancelled meanwhile', async () => {
    const { bob, buildId, deployment, deploying } = await preparing();
    await bob.restart();
    await record.builds.cancelBuild(buildId, 'by ada');
    await deploying.report(undone);
    expect(await reasonOf(deployment)).toBe('cancelled: build #1 ended with cancelled');
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });
});

describe('the switch', () => {
  it('makes live standby, keeps it for its time, and empties what was standby', async () => {
    await deployed();
    await deployed();
    expect(await slots()).toEqual(['standby', 'live', 'empty']);
    await deployed();
    expect(await slots()).toEqual(['empty', 'standby', 'live']);
    record.clock.now += 59_000;
    await record.builds.reconcile();
    expect(await slots()).toEqual(['empty', 'standby', 'live']);
    const { fence } = await environment();
    record.clock.now += 2_000;
    await record.builds.reconcile();
    expect(await slots()).toEqual(['empty', 'empty', 'live']);
    expect((await environment()).fence).toBe(fence + 1);
  });

  it('keeps no standby past its end where the file wants none', async () => {
    await deployed();
    const { lease, deployment } = await begun({ standbyMs: 0 });
    await runWorkflow(lease);
    const deploying = await ada.claimDeployment(deployment);
    await prepare(deploying);
    for (const phase of ['switching', 'draining'] as const)
      await deploying.report({ type: 'deployment.phase', phase, detail: null });
    expect(await slots()).toEqual(['standby', 'live', 'empty']);
    const { fence } = await environment();
    await deploying.report({ type: 'deployment.phase', phase: 'done', detail: null });
    expect(await slots()).toEqual(['empty', 'live', 'empty']);
    await deploying.report({ type: 'deployment.finished', status: 'success', reason: null, logBytes: 0 });
    expect(await slots()).toEqual(['empty', 'live', 'empty']);
    expect((await environment()).fence).toBe(fence);
  });

  it('is resumed after its deployer was lost, with the slots as they will be, and never undone', async () => {
    await deployed();
    const { lease, deployment } = await begun();
    await runWorkflow(lease);
    const first = await ada.claimDeployment(deployment);
    await prepare(first);
    await first.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    expect(await codeOf(record.builds.cancelDeployment(deployment, 'no'))).toBe('conflict');
    const giveUp = { type: 'deployment.finished', status: 'failure', reason: 'no', logBytes: 0 } as const;
    await first.report(giveUp);
    expect(await record.statusOf('deployment', deployment)).toBe('running');
    const second = await ada.claimDeployment(deployment, 2);
    await ada.restart();
    const third = await ada.claimDeployment(deployment, 3);
    expect(third.work).toMatchObject({ phase: 'switching', candidate: second.work.candidate });
    expect(third.work.slots.map(({ role }) => role)).toEqual(['standby', 'live', 'empty']);
    expect(third.work.environment.fence).toBeGreaterThan(second.work.environment.fence);
    expect(new Set([first, second, third].map(({ work }) => work.logId)).size).toBe(3);
    await switchOver(third);
    expect(await record.statusOf('deployment', deployment)).toBe('success');
    expect(await slots()).toEqual(['standby', 'live', 'empty']);
  });

  it('keeps its phase going forward only', async () => {
    const { lease, deployment } = await begun();
    await runWorkflow(lease);
    const deploying = await ada.claimDeployment(deployment);
    await prepare(deploying);
    await deploying.report({ type: 'deployment.phase', phase: 'pulling', detail: null });
    const { phase } = await record.store.db
      .selectFrom('deployment')
      .select('phase')
      .executeTakeFirstOrThrow();
    expect(phase).toBe('prepared');
  });
});

describe('a deployer lost while preparing', () => {
  it('is followed by another attempt in the same slot, three times at most', async () => {
    const { lease, deployment } = await begun();
    await runWorkflow(lease);
    for (const attempt of [1, 2, 3]) {
      const { work } = await ada.claimDeployment(deployment, attempt);
      expect(work.candidate).toBe(0);
      await ada.restart();
    }
    expect(await reasonOf(deployment)).toBe('error: deployer lost (its worker started again), 3 times');
    expect(await slots()).toEqual(['empty', 'empty', 'empty']);
  });
});

describe('several builds of one environment', () => {
  it('are deployed one at a time, the newest green one last and for good', async () => {
    const one = await begun();
    const two = await begun();
    const three = await begun();
    await runWorkflow(two.lease);
    const deploying = await ada.claimDeployment(two.deployment);
    await runWorkflow(one.lease);
    expect(await reasonOf(one.deployment)).toBe('skipped: superseded by #2');
    await prepare(deploying);
    await deploying.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    await runWorkflow(three.lease);
    expect(await codeOf(ada.claimDeployment(three.deployment))).toBe('claim_refused');
    await deploying.report({ type: 'deployment.finished', status: 'success', reason: null, logBytes: 0 });
    const last = await ada.claimDeployment(three.deployment);
    await prepare(last);
    await switchOver(last);
    expect(await slots()).toEqual(['standby', 'live', 'empty']);
  });

  it('are claimed one at a time, even when jobs for two of them are on their way', async () => {
    const one = await begun();
    const two = await begun();
    for (const body of IMAGE_REPORTS) await two.lease.report(body);
    await runWorkflow(one.lease);
    expect(await codeOf(ada.claimDeployment(two.deployment))).toBe('claim_refused');
    await ada.claimDeployment(one.deployment);
    expect(await codeOf(ada.claimDeployment(two.deployment))).toBe('claim_refused');
    expect(await slots()).toEqual(['candidate', 'empty', 'empty']);
  });

  it('never go backwards: a slow older build is skipped when its tests end', async () => {
    const slow = await begun();
    await deployed();
    await runWorkflow(slow.lease);
    expect(await reasonOf(slow.deployment)).toBe('skipped: superseded by #2');
  });

  it('rank by the arrival of their pushes: one whose delivery was replayed late is not newer for it', async () => {
    const [early, late] = [newId('dlv', record.clock.now), newId('dlv', record.clock.now + 1)];
    record.clock.now += 1_000;
    await deployed({ deliveryId: late });
    const replayed = await begun({ deliveryId: early });
    expect(replayed.number).toBe(2);
    await runWorkflow(replayed.lease);
    expect(await reasonOf(replayed.deployment)).toBe('skipped: superseded by #1');
    expect(await slots()).toEqual(['live', 'empty', 'empty']);
  });

  it('rank by when a person asked for them where no push did', async () => {
    const push = newId('dlv', record.clock.now);
    record.clock.now += 1_000;
    await deployed();
    const replayed = await begun({ deliveryId: push });
    await runWorkflow(replayed.lease);
    expect(await reasonOf(replayed.deployment)).toBe('skipped: superseded by #1');
    const again = await record.builds.rerunBuild(replayed.buildId);
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(again.buildId)));
    record.clock.now += 1_000;
    const newest = await deployed({ deliveryId: newId('dlv', record.clock.now) });
    expect(await record.statusOf('deployment', newest.deployment)).toBe('success');
  });

  it('let a re-run keep its place in the order', async () => {
    const { buildId } = await deployed();
    await deployed();
    const again = await record.builds.rerunBuild(buildId);
    expect(again.number).toBe(3);
    const lease = await ada.claimWorkflow(await record.workflowOf(again.buildId));
    await runWorkflow(lease);
    const { id } = await record.store.db
      .selectFrom('deployment')
      .select('id')
      .where('build_id', '=', again.buildId)
      .executeTakeFirstOrThrow();
    expect(await reasonOf(id)).toBe('skipped: superseded by #2');
  });

  it('tell a newer green build’s deployer while an older one prepares for an unfinished build', async () => {
    const one = await begun();
    for (const body of IMAGE_REPORTS) await one.lease.report(body);
    const speculative = await ada.claimDeployment(one.deployment);
    const two = await begun();
    await runWorkflow(two.lease);
    expect((await record.builds.signals(speculative.open, 0, 0)).signals).toMatchObject({
      verdict: 'abort',
      cancel: { reason: 'superseded by #2' },
    });
    expect(await codeOf(ada.claimDeployment(two.deployment))).toBe('claim_refused');
    const end = { type: 'deployment.finished', status: 'cancelled', reason: null, logBytes: 0 } as const;
    await speculative.report(end);
    expect(await reasonOf(one.deployment)).toBe('skipped: superseded by #2');
    expect((await ada.claimDeployment(two.deployment)).work.candidate).toBe(0);
  });
});

describe('rolling back', () => {
  it('brings the hot standby back without preparing a slot', async () => {
    await deployed();
    await deployed();
    const { id } = await environment();
    const { deploymentId } = await record.builds.rollBack(id, null);
    const lease = await ada.claimDeployment(deploymentId);
    expect(lease.work).toMatchObject({ cause: 'rollback', candidate: 0 });
    expect(lease.work.slots.map(({ role }) => role)).toEqual(['standby', 'live', 'empty']);
    expect((await record.builds.signals(lease.open, 0, 0)).signals.verdict).toBe('switch');
    await switchOver(lease);
    expect(await slots()).toEqual(['live', 'standby', 'empty']);
  });

  it('deploys the recorded release again once the standby has gone', async () => {
    const first = await deployed();
    await deployed();
    record.clock.now += 61_000;
    await record.builds.reconcile();
    const { id } = await environment();
    const { deploymentId } = await record.builds.rollBack(id, null);
    const lease = await ada.claimDeployment(deploymentId);
    expect(lease.work.candidate).toBe(0);
    expect(lease.work.slots.map(({ role }) => role)).toEqual(['candidate', 'live', 'empty']);
    expect(lease.work.release?.buildId).toBe(first.buildId);
    expect(await record.statusOf('build', first.buildId)).toBe('success');
  });

  it('keeps the log of the app that runs: its container is older than the rollback', async () => {
    const first = await deployed();
    const second = await deployed();
    const { id } = await environment();
    const { deploymentId } = await record.builds.rollBack(id, null);
    await switchOver(await ada.claimDeployment(deploymentId));
    expect(await appLogs()).toEqual([`app_${first.deployment}`, `app_${second.deployment}`, null]);
  });

  it('has a log of its own when a standby was not fit and its release is started again', async () => {
    await deployed();
    const second = await deployed();
    const { id } = await environment();
    const { deploymentId } = await record.builds.rollBack(id, null);
    const lease = await ada.claimDeployment(deploymentId);
    await prepare(lease);
    await switchOver(lease);
    expect(await appLogs()).toEqual([`app_${deploymentId}`, `app_${second.deployment}`, null]);
  });

  it('pre-empts what a build was preparing, and lets later builds go forward', async () => {
    await deployed();
    await deployed();
    const three = await begun();
    for (const body of IMAGE_REPORTS) await three.lease.report(body);
    const speculative = await ada.claimDeployment(three.deployment);
    const { deploymentId } = await record.builds.rollBack((await environment()).id, null);
    expect(await codeOf(ada.claimDeployment(deploymentId))).toBe('claim_refused');
    await speculative.report({
      type: 'deployment.finished',
      status: 'cancelled',
      reason: null,
      logBytes: 0,
    });
    expect(await reasonOf(three.deployment)).toBe('skipped: a rollback came first');
    await switchOver(await ada.claimDeployment(deploymentId));
    await deployed();
    expect(await slots()).toEqual(['standby', 'empty', 'live']);
  });

  it('needs something to go back to', async () => {
    await deployed();
    expect(await codeOf(record.builds.rollBack((await environment()).id, null))).toBe('nothing_to_roll_back');
  });
});

describe('an environment', () => {
  it('has a backend and three addresses of its own, and a host of nobody else', async () => {
    await begun();
    const other = await record.project('shop/other');
    const taken = await record.build(other, { plan: planOf({ deploys }) });
    const row = await record.store.db
      .selectFrom('build')
      .select(['status', 'reason'])
      .where('id', '=', taken.buildId)
      .executeTakeFirstOrThrow();
    expect(row.status).toBe('failure');
    expect(row.reason).toContain('The host production.test belongs to environment production of shop/web.');
    const plan = planOf({ deploys: [deployOf('staging'), deployOf('preview')] });
    await record.build(other, { plan });
    const addresses = await record.store.db.selectFrom('slot').select('address').execute();
    expect(new Set(addresses.map(({ address }) => address)).size).toBe(9);
    const full = await record.build(other, { plan: planOf({ deploys: [deployOf('fourth')] }) });
    expect(await record.statusOf('build', full.buildId)).toBe('error');
  });

  it('is told to the worker of its router, and to no other', async () => {
    await deployed();
    const bob = await record.worker('bob', { routers: [] });
    expect(await codeOf(record.builds.routerRecord(bob.known, 'local'))).toBe('not_allowed');
    const { environments } = await record.builds.routerRecord(ada.known, 'local');
    expect(environments).toMatchObject([
      { name: 'production', projectPath: 'shop/web', backend: 0, hosts: ['production.test'], busy: false },
    ]);
  });

  it('keeps an event of its router once', async () => {
    await deployed();
    const { id } = await environment();
    const event = {
      id: 'r-1',
      atMs: 1,
      environmentId: id,
      type: 'failover' as const,
      deploymentId: null,
      requests: 2,
    };
    await record.builds.routerEvents(ada.known, 'local', {
      events: [event, { ...event, environmentId: 'env_x' }],
    });
    await record.builds.routerEvents(ada.known, 'local', { events: [event] });
    const rows = await record.store.db
      .selectFrom('event')
      .select('subject_id')
      .where('type', '=', 'router.failover')
      .execute();
    expect(rows).toEqual([{ subject_id: id }]);
  });
});
