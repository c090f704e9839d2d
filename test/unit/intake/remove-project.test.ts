import { expect, it } from 'vitest';
import { removeProject } from '../../../src/intake/remove-project.ts';
import type { ProjectDeps } from '../../../src/intake/database-projects.ts';
import { IMAGE_REPORTS, makeRecord, runWorkflow } from '../../support/record.ts';

it('takes along what is recorded of its builds, also of what they pushed', async () => {
  const record = await makeRecord();
  try {
    const project = await record.project();
    const ada = await record.worker('ada');
    const { buildId } = await record.build(project);
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    const effect = {
      kind: 'put-manifest' as const,
      repository: 'registry.test:5000/shop/web',
      digest: `sha256:${'2'.repeat(64)}`,
      fresh: true,
    };
    await record.builds.effect(lease.open, { key: 'put', effect });
    for (const body of IMAGE_REPORTS) await lease.report(body);
    await runWorkflow(lease, 'failure');
    for (let more = 0; more < 6; more += 1) {
      const next = await record.build(project);
      await runWorkflow(await ada.claimWorkflow(await record.workflowOf(next.buildId)), 'failure');
    }
    const removed: string[] = [];
    const mirrors = { remove: async (id: string) => void removed.push(id) };
    let left = 1;
    const cut = {
      ...record.store,
      transaction: (act: Parameters<typeof record.store.transaction>[0]) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return record.store.transaction(act);
      },
    };
    await expect(removeProject({ store: cut, mirrors } as unknown as ProjectDeps, project)).rejects.toThrow(
      'killed',
    );
    const { db } = record.store;
    const between = await db.selectFrom('build').select('number').orderBy('number').execute();
    expect(between.map(({ number }) => number)).toEqual([6, 7]);
    expect(removed).toEqual([]);

    await removeProject({ store: record.store, mirrors } as unknown as ProjectDeps, project);
    expect(removed).toEqual([project]);
    for (const table of ['project', 'build', 'staging', 'manifest', 'outbox', 'workflow'] as const)
      expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([]);
    const events = await db.selectFrom('event').select('type').where('build_id', 'is not', null).execute();
    expect(events).toEqual([]);
  } finally {
    await record.close();
  }
});
