import type { NamedImage } from '../../core/named-image.ts';
import type { Plan } from '../../core/plan.ts';
import type { StepView } from '../../core/views/workflow-view.ts';
import type { Reader } from './view-context.ts';

/** By workflow, then by name. */
type StepImages = ReadonlyMap<string, ReadonlyMap<string, NamedImage>>;

/** What the names of images stand for in the workflows of a build. */
export async function readStepImages(db: Reader, buildId: string): Promise<StepImages> {
  const rows = await db
    .selectFrom('named_image')
    .select(['workflow_id', 'name', 'from_place as from', 'digest'])
    .where('build_id', '=', buildId)
    .execute();
  const images = new Map<string, Map<string, NamedImage>>();
  for (const { workflow_id, name, ...image } of rows) {
    const known = images.get(workflow_id) ?? new Map<string, NamedImage>();
    images.set(workflow_id, known.set(name, image));
  }
  return images;
}

/** Steps and services with the images that they run; one that was skipped runs none. */
export function withImages(
  steps: readonly StepView[],
  { id, plan_json }: { readonly id: string; readonly plan_json: string },
  images: StepImages,
): readonly StepView[] {
  const known = images.get(id);
  if (known === undefined) return steps;
  const plan = JSON.parse(plan_json) as Plan;
  const names = new Map<string, string | null>([
    ...plan.services.map(({ name, image }) => [`service ${name}`, image] as const),
    ...plan.steps.map(({ name, image }) => [`step ${name}`, image] as const),
  ]);
  return steps.map((step): StepView => {
    const name = names.get(`${step.kind} ${step.name}`) ?? null;
    const image = name === null ? undefined : known.get(name);
    return name === null || image === undefined || step.status === 'skipped'
      ? step
      : { ...step, image: { name, ...image } };
  });
}
