import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectSettled, manifestRecord } from '../../../src/builds/index.ts';
import { Problem } from '../../../src/core/problem.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
} from '../../support/record.ts';
import type { TestLease, TestRecord, TestWorker } from '../../support/record.ts';

const REPOSITORY = 'registry.test:5000/shop/web';
const DIGEST = `sha256:${'2'.repeat(64)}`;
const MANIFEST = { repository: REPOSITORY, digest: DIGEST };

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 8 });
  project = await record.project();
});
afterEach(() => record.close());

async function claimed(plan = planOf()) {
  const { buildId, number } = await record.build(project, { plan });
  const workflow = await record.workflowOf(buildId);
  return { buildId, number, workflow, lease: await ada.claimWorkflow(workflow) };
}

/** Asks for the manifest to be put, as the worker does before there is any in the repository. */
const put = ({ open }: TestLease, { fresh = true, repository = REPOSITORY, digest = DIGEST } = {}) =>
  record.builds.effect(open, {
    key: `put:${digest}`,
    effect: { kind: 'put-manifest', repository, digest, fresh },
  });

/** A build that has put the manifest and ended. */
async function ended(status: 'success' | 'failure', options: { fresh?: boolean } = {}) {
  const build = await claimed();
  await put(build.lease, options);
  await runWorkflow(build.lease, status);
  return build;
}

const removals = async () => {
  const rows = await record.store.db
    .selectFrom('outbox')
    .select(['subject_id', 'target', 'payload_json'])
    .where('kind', '=', 'remove-manifest')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, payload_json: JSON.parse(row.payload_json) as unknown }));
};
const whyKept = (manifest = MANIFEST) => manifestRecord(record.store).whyKept(manifest);
const names = async () => {
  const rows = await record.store.db.selectFrom('manifest').select('build_id').execute();
  return rows.map(({ build_id }) => build_id);
};

describe('a manifest that a build puts', () => {
  it('is named in the record before, once, under one target with its removal', async () => {
    const { buildId, lease } = await claimed();
    expect(await put(lease)).toEqual({ state: 'pending' });
    await put(lease);
    expect(await names()).toEqual([buildId]);
    const effects = await record.store.db.selectFrom('outbox').select(['kind', 'target']).execute();
    expect(effects).toEqual([{ kind: 'put-manifest', target: `${REPOSITORY}@${DIGEST}` }]);
  });

  it('goes where its plan pushes to, and nowhere else', async () => {
    const { lease } = await claimed();
    const codeOf = (error: unknown) => (error instanceof Problem ? error.code : error);
    for (const repository of ['registry.test:5000/other/app', 'shop/web', 'other.test/shop/web'])
      expect(await put(lease, { repository }).catch(codeOf)).toBe('request_wrong');
    expect(await names()).toEqual([]);
  });

  it('is removed when the build ends red, and stays when it ends green', async () => {
    await ended('success');
    expect(await removals()).toEqual([]);
    const { buildId } = await ended('failure');
    expect(await removals()).toEqual([
      { subject_id: buildId, target: `${REPOSITORY}@${DIGEST}`, payload_json: MANIFEST },
    ]);
  });

  it('is removed when the build is cancelled, and when its worker is lost', async () => {
    const cancelled = await claimed();
    await put(cancelled.lease);
    await record.builds.cancelBuild(cancelled.buildId, 'no');
    await cancelled.lease.report({ type: 'workflow.finished', status: 'cancelled', reason: 'no' });
    const lost = await claimed();
    await put(lost.lease);
    await ada.restart();
    expect(await record.statusOf('build', lost.buildId)).toBe('error');
    expect((await removals()).map(({ subject_id }) => subject_id)).toEqual([cancelled.buildId, lost.buildId]);
  });

  it('makes its workflow half-run: it is not attempted again, though no report told that the push began', async () => {
    const { buildId, lease, workflow } = await claimed();
    await put(lease);
    await ada.restart();
    expect(await record.statusOf('workflow', workflow)).toBe('error');
    expect(await record.statusOf('build', buildId)).toBe('error');
  });
});

describe('a worker that tells of its push', () => {
  const tell = ({ open }: TestLease, n: number, image: { repository: string; digest: string }) =>
    record.builds.report(open, [
      { n, atMs: 0, type: 'image.pushed', image: { ...image, bytesPushed: 1, bytesReused: 0 } },
    ]);
  const puts = () =>
    record.store.transaction((tx) =>
      tx.db.updateTable('outbox').set({ state: 'done' }).where('kind', '=', 'put-manifest').execute(),
    );
  const codeOf = (error: unknown) => (error instanceof Problem ? error.code : error);
  const releases = () => record.store.db.selectFrom('release').select('release_json').execute();

  it('is believed about what the server has put for this build, and about nothing else', async () => {
    const { lease } = await claimed(planOf({ deploys: [deployOf('production')] }));
    const [built] = IMAGE_REPORTS;
    if (built !== undefined) await lease.report(built);
    const other = await claimed();
    await put(other.lease);
    await puts();
    expect(await tell(lease, 2, MANIFEST).catch(codeOf), 'of another build').toBe('request_wrong');
    await put(lease);
    expect(await tell(lease, 2, MANIFEST).catch(codeOf), 'not there yet').toBe('request_wrong');
    await puts();
    for (const lie of [
      { ...MANIFEST, repository: 'registry.test:5000/other/app' },
      { ...MANIFEST, repository: 'other.test/shop/web' },
      { ...MANIFEST, digest: `sha256:${'3'.repeat(64)}` },
    ])
      expect(await tell(lease, 2, lie).catch(codeOf)).toBe('request_wrong');
    expect(await releases()).toEqual([]);
    const tags = { kind: 'tag' as const, ...MANIFEST, tags: ['main'] };
    const tagging = record.builds.effect(lease.open, { key: 'tags', effect: tags });
    expect(await tagging.catch(codeOf), 'tags on what was not pushed').toBe('request_wrong');
    expect(await tell(lease, 2, MANIFEST)).toEqual({ accepted: 2 });
    expect(await releases()).toHaveLength(1);
  });
});

describe('a red build’s manifest', () => {
  it('may go when nothing names it', async () => {
    await ended('failure');
    await ended('failure', { fresh: false });
    expect(await whyKept()).toBeNull();
  });

  it('stays while another build names it, green or on its way, whichever came first', async () => {
    await ended('failure');
    const other = await claimed();
    await put(other.lease, { fresh: false });
    expect(await whyKept()).toBe('build #2 of shop/web names it');
    await runWorkflow(other.lease);
    await ended('failure', { fresh: false });
    expect(await whyKept()).toBe('build #2 of shop/web names it');
  });

  it('stays when it was there before Slipway put it', async () => {
    await ended('failure', { fresh: false });
    expect(await whyKept()).toBe('it was there before Slipway put it');
    expect(await whyKept({ ...MANIFEST, digest: `sha256:${'3'.repeat(64)}` })).toBe(
      'it was there before Slipway put it',
    );
  });

  it('stays when tags were asked for, though the build was lost after that', async () => {
    const { lease } = await claimed();
    await put(lease);
    for (const body of IMAGE_REPORTS) await lease.report(body);
    const tag = { kind: 'tag' as const, ...MANIFEST, tags: ['main'] };
    await record.builds.effect(lease.open, { key: 'tags', effect: tag });
    await ada.restart();
    expect(await removals()).toHaveLength(1);
    expect(await whyKept()).toBe('tags were set on it');
  });

  it('may go when tags were set on another image of the build', async () => {
    const { lease } = await claimed();
    await put(lease);
    for (const body of IMAGE_REPORTS) await lease.report(body);
    const tag = { kind: 'tag' as const, ...MANIFEST, tags: ['main'] };
    await record.builds.effect(lease.open, { key: 'tags', effect: tag });
    await record.store.transaction((tx) =>
      tx.db
        .updateTable('outbox')
        .set({ payload_json: JSON.stringify({ ...tag, digest: `sha256:${'4'.repeat(64)}` }) })
        .where('kind', '=', 'tag')
        .execute(),
    );
    await ada.restart();
    expect(await whyKept()).toBeNull();
  });

  it('is nobody’s concern in another repository', async () => {
    await ended('failure');
    await record.store.transaction(async (tx) => {
      const green = await tx.db.selectFrom('build').select('id').executeTakeFirstOrThrow();
      await tx.db
        .insertInto('manifest')
        .values({ repository: 'x/y', digest: DIGEST, build_id: green.id, fresh: 1, named_at: 0 })
        .execute();
    });
    expect(await whyKept()).toBeNull();
  });

  it('stays while a deployment that was live may be rolled back to', async () => {
    const { lease, buildId } = await claimed(planOf({ deploys: [deployOf('production')] }));
    await put(lease);
    await runWorkflow(lease);
    const id = await record.deploymentOf(buildId);
    const deploying = await ada.claimDeployment(id);
    await prepare(deploying);
    await switchOver(deploying);
    expect(await whyKept()).toBe('build #1 of shop/web names it');
    // No path leads there; the rule holds all the same.
    await record.store.transaction((tx) =>
      tx.db
        .updateTable('build')
        .set({ status: 'error' as never })
        .execute(),
    );
    expect(await whyKept()).toBe('a deployment uses it');
  });

  it('is forgotten once it is gone: what comes there later without us is not ours', async () => {
    await ended('failure');
    await manifestRecord(record.store).removed(MANIFEST);
    expect(await names()).toEqual([]);
    await ended('failure', { fresh: false });
    expect(await whyKept()).toBe('it was there before Slipway put it');
  });

  it('is not forgotten for a build that has named it meanwhile', async () => {
    await ended('failure');
    const next = await claimed();
    await put(next.lease, { fresh: false });
    await manifestRecord(record.store).removed(MANIFEST);
    expect(await names()).toEqual([next.buildId]);
  });

  it('that a registry will not delete is told in the history of its build', async () => {
    const { buildId } = await ended('failure');
    const effect = {
      kind: 'remove-manifest',
      subjectId: buildId,
      payload: MANIFEST,
      state: 'failed' as const,
    };
    await record.store.transaction((tx) => effectSettled(tx, { ...effect, result: 'denied' }, 0));
    const { detail_json } = await record.store.db
      .selectFrom('event')
      .select('detail_json')
      .where('type', '=', 'build.manifest_left')
      .where('build_id', '=', buildId)
      .executeTakeFirstOrThrow();
    expect(JSON.parse(detail_json)).toEqual({ ...MANIFEST, reason: 'denied' });
  });
});
