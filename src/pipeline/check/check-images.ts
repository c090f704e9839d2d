import { isImageReference } from '../format/images.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Located, Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import type { Facts } from './check-pipeline.ts';
import { checkTemplate } from './check-template.ts';
import type { OwnNames } from './check-template.ts';

const START = { span: { offset: 0, length: 1 }, path: '' };

/** Who needs the built image has one; whatever else runs names a version; what ships was tried. */
export function checkImages(
  spec: PipelineSpec,
  { hasDockerfile }: Facts,
  own: OwnNames,
  report: Report,
  isWhole: boolean,
): void {
  const { services, steps, push, deploy, skip_clone: skip } = spec;
  const image = spec.image?.value ?? null;
  const skipsClone = skip?.value === true;
  if (spec.image !== null && image !== 'none' && skipsClone)
    report.add('image_without_clone', spec.image, { line: report.lineOf(skip.span.offset) });
  if (image === 'none' || (image === null && (!hasDockerfile || skipsClone))) {
    if (isWhole && steps.length === 0 && push === null && deploy.length === 0)
      report.add('pipeline_idle', START);
    for (const { name, image: own } of steps)
      if (own === null)
        report.add('image_missing', name, {
          what: `The step \`${name.value}\``,
          fix: ', or name an `image` in the step',
        });
    if (push !== null) report.add('image_missing', push.tags?.[0] ?? START, { what: '`push`', fix: '' });
    for (const { environment } of deploy)
      report.add('image_missing', environment, {
        what: `The deployment to \`${environment.value}\``,
        fix: '',
      });
  }
  for (const one of [...services, ...steps]) if (one.image !== null) checkReference(one.image, own, report);
  const testTarget = image === 'none' ? null : (image?.test_target ?? null);
  const ships = push !== null || deploy.length > 0;
  if (testTarget !== null && ships && deploy.every(({ smoke }) => smoke === null))
    report.add('ships_untested', testTarget, { testTarget: testTarget.value });
}

/** Variables stand for text that is known later; what is around them is held against the rules as if they were `x`. */
function checkReference(image: Located<string>, own: OwnNames, report: Report): void {
  if (image.value === '') return;
  const template = checkTemplate(image, own, report);
  if (template === null) return;
  const sample = template.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  if (!isImageReference(sample)) report.add('image_wrong', image, { image: shorten(image.value), cause: '' });
  else if (isMutable(sample)) report.add('image_mutable', image, { image: image.value });
}

function isMutable(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}
