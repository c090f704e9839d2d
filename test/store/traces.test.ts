import { afterEach, expect, it } from 'vitest';
import { newId } from '../../src/core/id.ts';
import { traceOf } from '../../src/core/trace-context.ts';
import { makeTrace } from '../../src/traces/make-trace.ts';
import { encodeTrace } from '../../src/traces/otlp.ts';
import { exportRequest } from '../support/otlp-collector.ts';
import {
  deployOf,
  makeRecord,
  alone,
  planOf,
  prepare,
  pushOf,
  runWorkflow,
  switchOver,
  type TestRecord,
} from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

let record: TestRecord;
afterEach(() => record.close());

onEachDatabase((target) => {
  const spansOf = async (kind: 'build' | 'deployment', id: string) => {
    const trace = await makeTrace(record.store, { kind, id }, 'https://ci.test');
    if (trace === null) throw new Error(`no trace of ${kind} ${id}`);
    const sent: unknown = JSON.parse(JSON.stringify(encodeTrace(trace, '1.2.3')));
    expect(exportRequest.safeParse(sent).error).toBeUndefined();
    return trace.spans;
  };

  it('has all that a trace tells: a lost worker, a deployment, and the way back', async () => {
    record = await makeRecord(await target());
    const { clock } = record;
    const ada = await record.worker('ada');
    const project = await record.project();
    const plan = planOf({ deploys: [deployOf('production')] });
    const builds: string[] = [];
    for (let round = 1; round <= 2; round += 1) {
      const { buildId } = await record.build(project, { plan });
      builds.push(buildId);
      clock.now += 1_000;
      const workflow = await record.workflowOf(buildId);
      const lost = await ada.claimWorkflow(workflow);
      await lost.report({ type: 'step.started', attemptId: lost.work.steps[0]?.attemptId ?? '' });
      clock.now += 1_000;
      await ada.restart();
      clock.now += 1_000;
      const lease = await ada.claimWorkflow(workflow, 2);
      clock.now += 1_000;
      await runWorkflow(lease);
      const deployment = await ada.claimDeployment(await record.deploymentOf(buildId));
      clock.now += 1_000;
      await prepare(deployment);
      await switchOver(deployment);
      const spans = await spansOf('build', buildId);
      expect(spans.map(({ name, error, endMs, startMs }) => [name, error, endMs - startMs])).toEqual([
        ['BUILD shop/web', null, 4_000],
        ['intake', null, 0],
        ['waiting', null, 1_000],
        ['waiting', null, 1_000],
        ['workflow default', expect.any(String) as string, 1_000],
        ['checkout', 'worker lost', 1_000],
        ['workflow default', null, 1_000],
        ...['checkout', 'image', 'step unit', 'push'].map((name) => [
          name,
          null,
          expect.any(Number) as number,
        ]),
      ]);
      expect(spans[4]?.attributes['cicd.worker.name']).toBe('ada');
      const deployed = await spansOf('deployment', deployment.work.deploymentId);
      expect(deployed[0]).toMatchObject({
        ...{ name: 'deploy production', error: null, parentId: traceOf(buildId).spanId },
        attributes: {
          'container.image.name': 'registry.test:5000/shop/web',
          'deployment.status': 'succeeded',
        },
      });
      expect(deployed.map(({ name }) => name)).toContain('switch');
    }
    const { environment } = await environmentOf();
    const { deploymentId } = await record.builds.rollBack(environment, null);
    const back = await ada.claimDeployment(deploymentId);
    await prepare(back);
    await switchOver(back);
    const [top] = await spansOf('deployment', deploymentId);
    expect(top).toMatchObject({
      ...traceOf(deploymentId),
      parentId: null,
      links: [traceOf(builds[0] ?? '')],
    });
  });

  it('begins with the delivery, also for a second build of the same one, and a re-run with itself', async () => {
    record = await makeRecord(await target());
    const ada = await record.worker('ada');
    const project = await record.project();
    const arrivedWith = newId('dlv', record.clock.now - 5_000);
    const outcome = { kind: 'plan', plan: alone(planOf()), warnings: [] } as const;
    const second = { projectId: project, deliveryId: null, arrivedWith, event: pushOf('main') };
    const { buildId } = await record.builds.createBuild({ ...second, outcome, blocked: null });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const [root, intake] = await spansOf('build', buildId);
    expect([root, intake].map((span) => (span?.endMs ?? 0) - (span?.startMs ?? 0))).toEqual([5_000, 5_000]);
    record.clock.now += 60_000;
    const again = await record.builds.rerunBuild(buildId);
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(again.buildId)));
    const [rerun] = await spansOf('build', again.buildId);
    expect(rerun).toMatchObject({ startMs: record.clock.now, links: [traceOf(buildId)] });
  });

  it('has none of what has not ended, nor of what is not there', async () => {
    record = await makeRecord(await target());
    const { buildId } = await record.build(await record.project());
    for (const id of [buildId, 'bld_none'])
      expect(await makeTrace(record.store, { kind: 'build', id }, 'https://ci.test')).toBeNull();
    expect(
      await makeTrace(record.store, { kind: 'deployment', id: 'dep_none' }, 'https://ci.test'),
    ).toBeNull();
  });

  const environmentOf = () =>
    record.store.db.selectFrom('environment').select('id as environment').executeTakeFirstOrThrow();
});
