import { newId } from '../core/id.ts';
import type { PushedImage } from '../core/image.ts';
import { Problem } from '../core/problem.ts';
import type { Effect, EffectAnswer, EffectRequest } from '../protocol/worker.ts';
import type { Reading, Store, Tx } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { demandLease } from './lease-rows.ts';
import { manifestTarget, nameManifest } from './manifests.ts';
import { recordEvent } from './record-event.ts';
import { settleBuild } from './settle-environment.ts';
import { stagingCleared } from './staging.ts';
import type { CommitCheckEffect, CommitStatusEffect } from './tell-host.ts';

/**
 * Records an effect in the transaction that checks the lease, then waits a little for the outbox to do it.
 * The key is the subject's own: a later attempt with the same key is the same effect.
 * @throws Problem `lease_lost`, `conflict` for another effect under the same key, `request_wrong` for a tag on
 * anything but the image that this build pushed.
 */
export async function recordEffect(
  deps: BuildsDeps,
  lease: OpenLease,
  { key, effect }: EffectRequest,
): Promise<EffectAnswer> {
  const { store } = deps;
  const id = await store.grouped(async (tx) => {
    await demandLease(tx, lease.id);
    if (effect.kind === 'tag') await demandOwnImage(tx, lease, effect);
    if (effect.kind === 'put-manifest') await nameManifest(deps, tx, lease.subject.id, effect);
    return insertOnce(tx, { lease, key: `${lease.subject.id}:${key}`, effect, at: deps.clock.nowMs() });
  });
  return waitForEffect(store, id, deps.effectWaitMs ?? 5_000);
}

async function insertOnce(
  tx: Tx,
  { lease, key, effect, at }: { lease: OpenLease; key: string; effect: Effect; at: number },
): Promise<string> {
  const payload = JSON.stringify(effect);
  const known = await tx.db
    .selectFrom('outbox')
    .select(['id', 'payload_json'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (known !== undefined && known.payload_json !== payload)
    throw new Problem('conflict', { what: 'effect', id: key });
  if (known !== undefined) return known.id;
  const id = newId('fx', at);
  await tx.db
    .insertInto('outbox')
    .values({
      id,
      key,
      subject_id: lease.subject.id,
      kind: effect.kind,
      target: targetOf(effect),
      payload_json: payload,
      state: 'pending',
      next_at: at,
      result: null,
      lease_id: lease.id,
      created_at: at,
      finished_at: null,
    })
    .execute();
  tx.changed('outbox', id);
  return id;
}

/** Of what one target has to do, each waits for the one before. */
function targetOf(effect: Effect): string {
  switch (effect.kind) {
    case 'tag':
      return effect.repository;
    case 'put-manifest':
      return manifestTarget(effect);
    case 'webhook':
      return new URL(effect.url).origin;
  }
}

async function demandOwnImage(
  tx: Tx,
  lease: OpenLease,
  effect: Extract<Effect, { kind: 'tag' }>,
): Promise<void> {
  const row = await tx.db
    .selectFrom('image')
    .select('pushed_json')
    .where('workflow_id', '=', lease.subject.id)
    .executeTakeFirst();
  const pushed = JSON.parse(row?.pushed_json ?? 'null') as PushedImage | null;
  if (pushed?.repository !== effect.repository || pushed.digest !== effect.digest)
    throw new Problem('request_wrong', {
      field: 'effect',
      cause: `${effect.repository}@${effect.digest} is not what this build pushed`,
    });
}

async function waitForEffect(store: Store, id: string, waitMs: number): Promise<EffectAnswer> {
  const settled = Promise.withResolvers<undefined>();
  const off = store.onChange((change) => {
    if (change.kind === 'outbox' && change.id === id) settled.resolve(undefined);
  });
  const timer = setTimeout(() => settled.resolve(undefined), waitMs);
  try {
    const answer = await readEffect(store, id);
    if (answer.state !== 'pending') return answer;
    await settled.promise;
    return await readEffect(store, id);
  } finally {
    off();
    clearTimeout(timer);
  }
}

async function readEffect(reading: Reading, id: string): Promise<EffectAnswer> {
  const row = await reading.db
    .selectFrom('outbox')
    .select(['state', 'result'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (row.state === 'done') return { state: 'done', detail: row.result ?? '' };
  return row.state === 'failed' ? { state: 'failed', reason: row.result ?? '' } : { state: 'pending' };
}

/** An effect that has ended, as the outbox tells of it. */
interface SettledEffect {
  readonly kind: string;
  readonly subjectId: string;
  readonly payload: unknown;
  readonly state: 'done' | 'failed';
  readonly result: string;
}

/** Kinds of what a Git host is told; their payload has a context. */
const TOLD: ReadonlySet<string> = new Set(['commit-status', 'commit-check']);

/** What an effect that has ended means for its build; in the outbox's transaction. */
export async function effectSettled(tx: Tx, effect: SettledEffect, at: number): Promise<void> {
  if (TOLD.has(effect.kind) && effect.state === 'failed') await noteRefusal(tx, effect, at);
  if (effect.kind === 'clear-staging' && effect.state === 'done')
    await stagingCleared(tx, (effect.payload as { repository: string }).repository);
  if (LEFT[effect.kind] !== undefined && effect.state === 'failed') await noteLeft(tx, effect, at);
  if (effect.kind !== 'tag') return;
  const workflow = await tx.db
    .selectFrom('workflow')
    .select('build_id')
    .where('id', '=', effect.subjectId)
    .executeTakeFirst();
  if (workflow === undefined) return;
  if (effect.state === 'done')
    await tx.db
      .updateTable('image')
      .set({ tags_json: JSON.stringify((effect.payload as Extract<Effect, { kind: 'tag' }>).tags) })
      .where('workflow_id', '=', effect.subjectId)
      .execute();
  await settleBuild(tx, workflow.build_id, at);
  tx.changed('build', workflow.build_id);
}

/** What an effect that only tidies leaves where it is given up, as its build's history names it. */
const LEFT: Readonly<Record<string, string>> = {
  'clear-staging': 'build.staging_left',
  'remove-manifest': 'build.manifest_left',
};

async function noteLeft(
  tx: Tx,
  { kind, subjectId, payload, result }: SettledEffect,
  at: number,
): Promise<void> {
  await recordEvent(tx, {
    at,
    subject: 'build',
    subjectId,
    buildId: subjectId,
    type: LEFT[kind] ?? kind,
    detail: { ...(payload as object), reason: result },
  });
  tx.changed('build', subjectId);
}

/** The build and its deployments go on as they would; its page says what the Git host was not told, and why. */
async function noteRefusal(tx: Tx, { subjectId, payload, result }: SettledEffect, at: number): Promise<void> {
  const { context } = payload as CommitStatusEffect | CommitCheckEffect;
  const deployment = await tx.db
    .selectFrom('deployment')
    .select('build_id')
    .where('id', '=', subjectId)
    .executeTakeFirst();
  const buildId = deployment === undefined ? subjectId : deployment.build_id;
  await recordEvent(tx, {
    at,
    subject: deployment === undefined ? 'build' : 'deployment',
    subjectId,
    buildId,
    type: 'commit_status.failed',
    detail: { context, reason: result },
  });
  if (buildId !== null) tx.changed('build', buildId);
}
