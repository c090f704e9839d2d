import { sql } from 'kysely';
import type { ProjectView } from '../../../src/core/views/project-view.ts';
import { expect, it } from 'vitest';
import { removeProject } from '../../../src/intake/remove-project.ts';
import { createSchedules } from '../../../src/intake/schedules.ts';
import { readRemote } from '../../../src/git/remote.ts';
import type { Mirrors } from '../../../src/ports/repositories.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { startGitHost } from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { IMAGE_REPORTS, makeRecord, runWorkflow } from '../../support/record.ts';
import { startTestServer } from '../../support/test-server.ts';

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
    const mirrors = { remove: async (id: string) => void removed.push(id) } as unknown as Mirrors;
    const deps = { store: record.store, mirrors, clock: systemClock };
    let left = 1;
    const cut: typeof record.store = {
      ...record.store,
      transaction: (act) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return record.store.transaction(act);
      },
    };
    await expect(removeProject({ ...deps, store: cut }, project)).rejects.toThrow('killed');
    const { db } = record.store;
    const between = await db.selectFrom('build').select('number').orderBy('number').execute();
    expect(between.map(({ number }) => number)).toEqual([6, 7]);
    expect(removed).toEqual([]);

    await removeProject(deps, project);
    expect(removed).toEqual([project]);
    for (const table of ['project', 'build', 'staging', 'manifest', 'outbox', 'workflow'] as const)
      expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([]);
    const events = await db.selectFrom('event').select('type').where('build_id', 'is not', null).execute();
    expect(events).toEqual([]);
  } finally {
    await record.close();
  }
});

it('takes no new build of it from its begin on, whatever asks for one, and goes on by itself', async () => {
  const host = await startGitHost();
  const server = await startTestServer();
  try {
    const repository = host.create('Shop/Web');
    const file =
      'steps: { a: { image: "busybox:1.36", commands: x } }\ncron: { often: { schedule: "* * * * *" } }\n';
    const { store, builds, projects, intake, secrets, log } = server.deps;
    const push = async (text: string) => {
      const commit = repository.commit({ 'slipway.yml': file, text }, text);
      const about = { repository: repository.fullName, commit, branch: 'main', message: text };
      const answer = await server.deliver('push', pushPayload(about));
      await intake.idle();
      return (await answer.json()) as { deliveryId: string };
    };
    repository.commit({ 'slipway.yml': file }, 'First');
    const { projectId } = await projects.add({ cloneUrl: repository.cloneUrl, path: null, token: null });
    for (let n = 0; n < 7; n += 1) await push(`change ${n}`);
    await store.transaction((tx) => sql`update build set status = 'success'`.execute(tx.db));
    const { db } = store;
    const numbers = async () => {
      const rows = await db.selectFrom('build').select('number').orderBy('number').execute();
      return rows.map(({ number }) => number);
    };
    const codeOf = async (answer: Promise<Response>) => {
      const body = (await (await answer).json()) as { error?: { code: string } };
      return body.error?.code;
    };
    let left = 1;
    const cut: typeof store = {
      ...store,
      transaction: (work) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return store.transaction(work);
      },
    };
    const mirrors = { remove: () => Promise.resolve() } as unknown as Mirrors;
    await expect(removeProject({ store: cut, mirrors, clock: systemClock }, projectId)).rejects.toThrow(
      'killed',
    );
    expect(await numbers()).toEqual([6, 7]);

    await push('too late');
    const delivery = await db
      .selectFrom('delivery')
      .select(['outcome', 'reason'])
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow();
    expect(delivery).toEqual({ outcome: 'ignored', reason: 'the project shop/web is being removed' });
    expect(await codeOf(server.api('POST', '/projects/shop%2Fweb/builds', { branch: 'main' }))).toBe(
      'project_removing',
    );
    const shown = (await (await server.api('GET', '/projects/shop%2Fweb')).json()) as ProjectView;
    expect(shown.removingSinceMs).toEqual(expect.any(Number));
    const [last] = await db.selectFrom('build').select('id').orderBy('id', 'desc').execute();
    expect(await codeOf(server.api('POST', `/builds/${last?.id}/rerun`))).toBe('project_removing');
    const asked: string[] = [];
    const schedules = createSchedules({
      ...{ store, builds, intake, secrets, log, clock: systemClock },
      mirrors: {} as Mirrors,
      readRemote: (remote) => (asked.push(remote.url), readRemote(remote)),
    });
    await store.transaction((tx) => sql`update schedule set next_at = 0`.execute(tx.db));
    schedules.wake();
    await schedules.idle();
    expect(asked).toEqual([]);
    expect(await numbers()).toEqual([6, 7]);

    await projects.endRemovals(new AbortController().signal);
    expect(await db.selectFrom('project').select('id').execute()).toEqual([]);
    expect(await numbers()).toEqual([]);
  } finally {
    await server.close();
    await host.close();
  }
});
