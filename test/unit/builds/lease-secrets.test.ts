import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { deployOf, IMAGE_REPORTS, makeRecord, planOf, runWorkflow, stepOf } from '../../support/record.ts';
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

const NOTHING: Plan = { image: null, services: [], steps: [], push: null, deploys: [] };

async function secretsOf(plan: Partial<Plan>, event: Partial<RepositoryEvent> = {}) {
  const { buildId } = await record.build(project, { plan: { ...NOTHING, ...plan }, event });
  const { open } = await ada.claimWorkflow(await record.workflowOf(buildId));
  return record.builds.leaseSecrets(open);
}

/** Registries whose logins the lease got, with their use. */
async function loginsOf(plan: Partial<Plan>, event?: Partial<RepositoryEvent>) {
  const { registries } = await secretsOf(plan, event);
  return Object.entries(registries).map(([host, { password }]) => `${host} ${password}`);
}

const service = {
  name: 'db',
  image: 'services.test/postgres:15',
  environment: {},
  commands: [],
  ready: { kind: 'auto' as const, timeoutMs: 1 },
};

describe('the logins of a workflow', () => {
  it('are none for work that names no registry', async () => {
    expect(await loginsOf({ steps: [stepOf('a')] })).toEqual([]);
  });

  it('are of the registries of its services and of the steps that run', async () => {
    const steps = [
      stepOf('a', { image: 'steps.test:5000/tool:1' }),
      stepOf('b', { image: 'node:24' }),
      stepOf('c', { image: 'skipped.test/tool', selected: false }),
    ];
    expect(await loginsOf({ services: [service], steps })).toEqual([
      'services.test pull',
      'steps.test:5000 pull',
      'docker.io pull',
    ]);
  });

  it('are of the registry that it pushes to, and for base images when it builds one', async () => {
    const { image } = planOf();
    expect(await loginsOf({ image })).toEqual(['any.test base images']);
    const own = { repository: 'shop/web', tags: [] };
    expect(await loginsOf({ image, push: own })).toEqual(['any.test base images', 'registry.test:5000 push']);
    const named = { repository: 'ghcr.io/shop/web', tags: [] };
    expect(await loginsOf({ push: named })).toEqual(['ghcr.io push']);
  });

  it('are none for the pull request of a fork, nor any secret', async () => {
    const steps = [stepOf('a', { image: 'steps.test/tool', environment: { T: { fromSecret: 'token' } } })];
    const plan = { ...planOf({ steps }), services: [service] };
    const fork = {
      kind: 'pull_request',
      number: 1,
      title: '',
      sourceBranch: 'x',
      targetBranch: 'main',
      labels: [],
      fromFork: true,
    } as const;
    expect(await secretsOf(plan, fork)).toEqual({ values: {}, registries: {} });
    expect(await secretsOf(plan, { ...fork, fromFork: false })).toMatchObject({
      values: { token: 'value of token' },
      registries: { 'steps.test': {}, 'registry.test:5000': { password: 'push' } },
    });
  });

  it('are said to be none where such a build is replayed', async () => {
    const pull = { kind: 'pull_request', number: 7, sourceBranch: 'x', targetBranch: 'main' } as const;
    for (const fromFork of [true, false]) {
      const { buildId } = await record.build(project, { plan: planOf(), event: { ...pull, fromFork } });
      await record.builds.cancelBuild(buildId, 'enough');
      const { pullRequest } = await record.builds.replay(buildId);
      expect(pullRequest).toEqual({ number: 7, isTrusted: !fromFork });
    }
  });
});

describe('the logins of a deployment', () => {
  it('are of the registry that its build pushes to, while that is not done', async () => {
    const plan = planOf({ deploys: [deployOf('production')] });
    const { buildId } = await record.build(project, { plan });
    const { report } = await ada.claimWorkflow(await record.workflowOf(buildId));
    for (const body of IMAGE_REPORTS.slice(0, 1)) await report(body);
    const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    const { open, work } = await ada.claimDeployment(id);
    expect(work.release).toBeNull();
    expect((await record.builds.leaseSecrets(open)).registries).toEqual({
      'registry.test:5000': { username: 'ci', password: 'pull' },
    });
  });

  it("are of its release's registry only", async () => {
    const steps = [stepOf('a', { image: 'steps.test/tool' })];
    const plan = planOf({ steps, deploys: [deployOf('production')] });
    const { buildId } = await record.build(project, { plan });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    const { open } = await ada.claimDeployment(id);
    expect((await record.builds.leaseSecrets(open)).registries).toEqual({
      'registry.test:5000': { username: 'ci', password: 'pull' },
    });
  });
});
