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
    const removed: string[] = [];
    const mirrors = { remove: async (id: string) => void removed.push(id) };
    await removeProject({ store: record.store, mirrors } as unknown as ProjectDeps, project);
    expect(removed).toEqual([project]);
    for (const table of ['project', 'build', 'staging', 'manifest'] as const)
      expect(await record.store.db.selectFrom(table).selectAll().execute(), table).toEqual([]);
  } finally {
    await record.close();
  }
});
