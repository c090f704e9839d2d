import { EFFECT_TRIES } from '../../config/times.ts';
import { effectSettled, endedLeases, manifestRecord } from '../../src/builds/index.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import { clearStagingEffect } from '../../src/registry/clear-staging.ts';
import { knownManifests } from '../../src/registry/known-manifests.ts';
import { putManifestEffect } from '../../src/registry/put-manifest.ts';
import { openRegistry } from '../../src/registry/registry.ts';
import { removeManifestEffect } from '../../src/registry/remove-manifest.ts';
import { tagEffect } from '../../src/registry/tag-effect.ts';
import { makeRecord, type TestLease } from '../support/record.ts';
import { waitFor } from '../support/wait.ts';
import { putBlobs, smallManifest, stage } from './put-image.ts';

export type ServerSide = Awaited<ReturnType<typeof startServerSide>>;

/** The real record and outbox before the registry at `host`; a test is the worker and its engine. */
export async function startServerSide(host: string) {
  const repository = `${host}/shop/web`;
  const registry = openRegistry({ host, insecure: true, credentials: null });
  const record = await makeRecord(undefined, host);
  const ada = await record.worker('ada', { capacity: 100 });
  const project = await record.project();
  const access = { loginOf: async () => null, isInsecure: () => true, known: knownManifests() };
  const begunMs = performance.now();
  const outbox = createOutbox({
    store: record.store,
    clock: { nowMs: () => Math.round(record.clock.now + performance.now() - begunMs) },
    handlers: {
      tag: tagEffect(access),
      'put-manifest': putManifestEffect(access),
      'remove-manifest': removeManifestEffect(access, manifestRecord(record.store)),
      'clear-staging': clearStagingEffect(access, endedLeases(record.store)),
      'seal-log': async () => ({ state: 'done', detail: '' }),
    },
    attemptsOf: EFFECT_TRIES,
    settled: effectSettled,
    onError: (error) => record.errors.push(error),
  });
  outbox.start();

  const isThere = async (digest: string) => (await registry.headManifest('shop/web', digest)) !== null;

  /** Has the staged manifest put, as the worker does; resolves with the answer when the outbox has done it. */
  async function put({ open }: TestLease, digest: string, number = 1) {
    const fresh = !(await isThere(digest));
    const effect = { kind: 'put-manifest' as const, repository, digest, fresh };
    return waitFor('the manifest was put', async () => {
      const answer = await record.builds.effect(open, { key: `put:${digest}:${number}`, effect });
      return answer.state === 'pending' ? null : answer;
    });
  }

  return {
    registry,
    record,
    outbox,
    /** The worker that the builds are claimed by. */
    ada,
    isThere,
    put,

    /** Another build; `worker` has claimed it. */
    async claimed(worker = ada) {
      const { buildId } = await record.build(project);
      return { buildId, lease: await worker.claimWorkflow(await record.workflowOf(buildId)) };
    },

    /** Stages an image with that text, has it put and reports it: all that a worker does up to the verdict. */
    async pushed(lease: TestLease, text: string): Promise<string> {
      const { digest } = smallManifest(text);
      for (let number = 1; ; number++) {
        await stage(host, 'shop/web', lease.open.id, text);
        await putBlobs(host, 'shop/web', text);
        const answer = await put(lease, digest, number);
        if (answer.state === 'done') break;
        // The worker stages again what another's clean-up has taken along.
        if (!answer.reason.startsWith('MANIFEST_UNKNOWN')) throw new Error(answer.reason);
      }
      const image = { imageId: digest, testImageId: digest, sizeBytes: 1, layers: 1 };
      await lease.report({ type: 'image.built', image: { ...image, cachedSteps: 0, totalSteps: 1 } });
      const sent = { repository, digest, bytesPushed: 1, bytesReused: 0 };
      await lease.report({ type: 'image.pushed', image: sent });
      return digest;
    },

    end: (lease: TestLease, status: 'success' | 'failure') =>
      lease.report({ type: 'workflow.finished', status, reason: null }),

    async tag(lease: TestLease, digest: string, name: string) {
      const effect = { kind: 'tag' as const, repository, digest, tags: [name] };
      return waitFor('the tag is set', async () => {
        const answer = await record.builds.effect(lease.open, { key: 'tag', effect });
        return answer.state === 'pending' ? null : answer;
      });
    },

    /** Tags of all that is staged. */
    staged: () => registry.listTags('slipway-staging/shop/web'),

    /** How the effects of a kind stand, in their order: `<state>: <result>`. */
    async effects(kind: string): Promise<readonly string[]> {
      const { db } = record.store;
      const rows = db.selectFrom('outbox').select(['state', 'result']).where('kind', '=', kind).orderBy('id');
      return (await rows.execute()).map(({ state, result }) => `${state}: ${result ?? ''}`);
    },

    async close(): Promise<void> {
      await outbox.stop();
      await record.close();
      if (record.errors.length > 0) throw new AggregateError(record.errors);
    },
  };
}
