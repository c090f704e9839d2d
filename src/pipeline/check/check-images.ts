import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';
import type { Facts } from './check-pipeline.ts';
import { checkReferences } from './check-references.ts';
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
  const { steps, push, deploy, skip_clone: skip } = spec;
  const image = spec.image?.value ?? null;
  const skipsClone = skip?.value === true;
  if (spec.image !== null && image !== 'none' && skipsClone)
    report.add('image_without_clone', spec.image, { line: report.lineOf(skip.span.offset) });
  if (image === 'none' || (image === null && (!hasDockerfile || skipsClone))) {
    if (isWhole && steps.length === 0 && push === null && deploy.length === 0)
      report.add('pipeline_idle', START);
    const fix = fixOf(image, hasDockerfile, skipsClone);
    for (const { name, image: own } of steps)
      if (own === null)
        report.add('image_missing', name, {
          what: name.value === '' ? 'A step' : `The step \`${name.value}\``,
          fix: `${fix}, or name an \`image\` in the step.`,
        });
    if (push !== null)
      report.add('image_missing', push.tags?.[0] ?? START, { what: '`push`', fix: `${fix}.` });
    for (const { environment } of deploy)
      report.add('image_missing', environment, {
        what: environment.value === '' ? 'A deployment' : `The deployment to \`${environment.value}\``,
        fix: `${fix}.`,
      });
  }
  checkReferences(spec, own, report);
  const testTarget = image === 'none' ? null : (image?.test_target ?? null);
  const ships = push !== null || deploy.length > 0;
  if (testTarget !== null && ships && deploy.every(({ smoke }) => smoke === null))
    report.add('ships_untested', testTarget, { testTarget: testTarget.value });
}

function fixOf(image: 'none' | null, hasDockerfile: boolean, skipsClone: boolean): string {
  if (image === 'none')
    return hasDockerfile ? 'Remove `image: none`' : 'Write what to build instead of `image: none`';
  if (!skipsClone) return 'Add `image:` to the file or a Dockerfile to the repository';
  const more = hasDockerfile ? '' : ', and add a Dockerfile to the repository';
  return `Remove \`skip_clone\`, with which there is nothing to build from${more}`;
}
