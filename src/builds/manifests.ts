import { pushTarget } from '../core/image-name.ts';
import type { Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import { isEnd } from '../core/status.ts';
import type { Status } from '../core/status.ts';
import type { Effect } from '../protocol/worker.ts';
import type { Store, Tx } from '../store/store.ts';
import type { BuildsDeps } from './deps.ts';
import { insertEffect } from './insert-effect.ts';

type PutManifest = Extract<Effect, { kind: 'put-manifest' }>;

/** A manifest in a repository; `repository` is `host/repository`. */
interface NamedManifest {
  readonly repository: string;
  readonly digest: string;
}

/** Effects that put and remove one manifest have one target. */
export function manifestTarget({ repository, digest }: NamedManifest): string {
  return `${repository}@${digest}`;
}

/**
 * Records that a build names a manifest, in the transaction that has it put: from now on no other build's end
 * removes it.
 * @throws Problem `request_wrong` for another repository than that which the build's plan names.
 */
export async function nameManifest(
  { registry, clock }: BuildsDeps,
  tx: Tx,
  workflowId: string,
  { repository, digest, fresh }: PutManifest,
): Promise<void> {
  const { build_id, plan_json } = await tx.db
    .selectFrom('workflow')
    .select(['build_id', 'plan_json'])
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const target = pushTarget((JSON.parse(plan_json) as Plan).push, registry);
  if (target === null || repository !== `${target.host}/${target.repository}`)
    throw new Problem('request_wrong', {
      field: 'effect',
      cause: `${repository} is not where this build pushes to`,
    });
  await tx.db
    .insertInto('manifest')
    .values({ repository, digest, build_id, fresh: fresh ? 1 : 0, named_at: clock.nowMs() })
    .onConflict((conflict) => conflict.columns(['repository', 'digest', 'build_id']).doNothing())
    .execute();
}

/** Whether the server has put the manifest for this workflow, so that it is where the plan pushes to. */
export async function hasPut(tx: Tx, workflowId: string, manifest: NamedManifest): Promise<boolean> {
  const row = await tx.db
    .selectFrom('outbox')
    .select('id')
    .where('subject_id', '=', workflowId)
    .where('kind', '=', 'put-manifest')
    .where('target', '=', manifestTarget(manifest))
    .where('state', '=', 'done')
    .executeTakeFirst();
  return row !== undefined;
}

/** Has the manifests removed that a red build has put, in the transaction that ends it. */
export async function removeManifestsOf(tx: Tx, buildId: string, at: number): Promise<void> {
  const manifests = await tx.db
    .selectFrom('manifest')
    .select(['repository', 'digest'])
    .where('build_id', '=', buildId)
    .execute();
  for (const manifest of manifests) {
    const target = manifestTarget(manifest);
    await insertEffect(tx, {
      key: `remove-manifest:${buildId}:${target}`,
      kind: 'remove-manifest',
      subjectId: buildId,
      target,
      payload: manifest,
      at,
    });
  }
}

/** What the outbox asks before it removes a manifest; each in a write transaction, which only the server in office gets. */
export function manifestRecord(store: Store) {
  return {
    whyKept: (manifest: NamedManifest) => store.transaction((tx) => whyKept(tx, manifest)),
    removed: (manifest: NamedManifest) => store.transaction((tx) => forget(tx, manifest)),
  };
}

/** Who has a use for a manifest: one sentence, null for nobody. */
async function whyKept(tx: Tx, manifest: NamedManifest): Promise<string | null> {
  const names = await namesOf(tx, manifest);
  if (!names.some(({ fresh }) => fresh === 1)) return 'it was there before Slipway put it';
  const user = names.find(({ status }) => !isRed(status));
  if (user !== undefined) return `build #${user.number} of ${user.path} names it`;
  const builds = names.map(({ id }) => id);
  if (await hasTagEffect(tx, builds, manifest)) return 'tags were set on it';
  return (await isDeployed(tx, builds)) ? 'a deployment uses it' : null;
}

function isRed(status: Status): boolean {
  return isEnd(status) && status !== 'success';
}

function namesOf(tx: Tx, { repository, digest }: NamedManifest) {
  return tx.db
    .selectFrom('manifest')
    .innerJoin('build', 'build.id', 'manifest.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select(['manifest.fresh', 'build.id', 'build.number', 'build.status', 'project.path'])
    .where('manifest.repository', '=', repository)
    .where('manifest.digest', '=', digest)
    .execute();
}

/** A workflow that was lost while its tags were set is red, and has tags. */
async function hasTagEffect(
  tx: Tx,
  builds: readonly string[],
  { repository, digest }: NamedManifest,
): Promise<boolean> {
  const rows = await tx.db
    .selectFrom('outbox')
    .innerJoin('workflow', 'workflow.id', 'outbox.subject_id')
    .select('outbox.payload_json')
    .where('workflow.build_id', 'in', builds)
    .where('outbox.kind', '=', 'tag')
    .execute();
  return rows.some(({ payload_json }) => {
    const tagged = JSON.parse(payload_json) as Extract<Effect, { kind: 'tag' }>;
    return tagged.repository === repository && tagged.digest === digest;
  });
}

/** A release is its build's: one that was live once may be rolled back to. */
async function isDeployed(tx: Tx, builds: readonly string[]): Promise<boolean> {
  const row = await tx.db
    .selectFrom('deployment')
    .select('id')
    .where('build_id', 'in', builds)
    .where((eb) =>
      eb.or([
        eb('status', '=', 'success'),
        eb.and([eb('cause', '!=', 'build'), eb('status', 'in', ['pending', 'running'])]),
      ]),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** Builds that come to name it from now on have put it anew. */
async function forget(tx: Tx, { repository, digest }: NamedManifest): Promise<void> {
  const names = await namesOf(tx, { repository, digest });
  const red = names.filter(({ status }) => isRed(status)).map(({ id }) => id);
  if (red.length === 0) return;
  await tx.db
    .deleteFrom('manifest')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .where('build_id', 'in', red)
    .execute();
}
