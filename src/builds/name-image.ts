import { decideImage, type KnownImage, type NamedImage } from '../core/named-image.ts';
import type { Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { ImageAnswer, ImageRequest } from '../protocol/worker.ts';
import type { Tx } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import { demandLease } from './lease-rows.ts';

/**
 * Tells what an image's name stands for in the build of the lease's workflow, and keeps that it was told. The first that
 * has found an image decides, and is believed: it runs in its containers what it wants.
 * @throws Problem `lease_lost`; `not_allowed` for a name that the workflow's plan does not have.
 */
export async function nameImage(
  tx: Tx,
  lease: OpenLease,
  { name, found }: ImageRequest,
): Promise<ImageAnswer> {
  const { subject_kind, subject_id: workflowId, worker_id: workerId } = await demandLease(tx, lease.id);
  if (subject_kind !== 'workflow') throw new Problem('not_allowed');
  const { build_id, plan_json } = await tx.db
    .selectFrom('workflow')
    .select(['build_id', 'plan_json'])
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  if (!imageNames(JSON.parse(plan_json) as Plan).has(name)) throw new Problem('not_allowed');
  const known = await readKnown(tx, build_id, name);
  const decided = decideImage(known, { workflowId, workerId });
  const image = decided ?? found;
  const own = known.find((one) => one.workflowId === workflowId);
  if (image !== null && !isSame(own, image)) {
    await keep(tx, { workflowId, buildId: build_id, name, image, workerId });
    tx.changed('build', build_id);
  }
  return { image };
}

/** The names of images of a plan's steps and services. Pure. */
export function imageNames({ services, steps }: Pick<Plan, 'services' | 'steps'>): ReadonlySet<string> {
  return new Set([...services, ...steps].flatMap(({ image }) => image ?? []));
}

async function readKnown({ db }: Tx, buildId: string, name: string): Promise<readonly KnownImage[]> {
  return db
    .selectFrom('named_image')
    .select(['workflow_id as workflowId', 'worker_id as workerId', 'from_place as from', 'digest'])
    .where('build_id', '=', buildId)
    .where('name', '=', name)
    .orderBy('workflow_id')
    .execute();
}

function isSame(own: NamedImage | undefined, image: NamedImage): boolean {
  return own?.from === image.from && own.digest === image.digest;
}

async function keep(
  { db }: Tx,
  {
    workflowId,
    buildId,
    name,
    image,
    workerId,
  }: {
    readonly workflowId: string;
    readonly buildId: string;
    readonly name: string;
    readonly image: NamedImage;
    readonly workerId: string;
  },
): Promise<void> {
  const said = { from_place: image.from, digest: image.digest, worker_id: workerId };
  await db
    .insertInto('named_image')
    .values({ workflow_id: workflowId, name, build_id: buildId, ...said })
    .onConflict((conflict) => conflict.columns(['workflow_id', 'name']).doUpdateSet(said))
    .execute();
}
