import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report, Span } from '../report.ts';
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
  const { steps, push, deploy } = spec;
  const image = spec.image?.value ?? null;
  const leaving = whatLeavesFilesAway(spec);
  if (spec.image !== null && image !== 'none' && leaving !== null)
    report.add('image_without_clone', spec.image, {
      key: leaving.key,
      line: report.lineOf(leaving.span.offset),
    });
  if (image === 'none' || (image === null && (!hasDockerfile || leaving !== null))) {
    if (isWhole && steps.length === 0 && push === null && deploy.length === 0)
      report.add('pipeline_idle', START);
    const fix = fixOf(image, hasDockerfile, leaving?.key ?? null);
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

/** The key by which the commit is not checked out, and where; null: it is. */
function whatLeavesFilesAway({ skip_clone: skip, clone }: PipelineSpec): { key: string; span: Span } | null {
  if (skip?.value === true) return { key: 'skip_clone', span: skip.span };
  const [first] = clone;
  return first === undefined ? null : { key: 'clone', span: first.name.span };
}

function fixOf(image: 'none' | null, hasDockerfile: boolean, leaving: string | null): string {
  if (image === 'none')
    return hasDockerfile ? 'Remove `image: none`' : 'Write what to build instead of `image: none`';
  if (leaving === null) return 'Add `image:` to the file or a Dockerfile to the repository';
  const more = hasDockerfile ? '' : ', and add a Dockerfile to the repository';
  return `Remove \`${leaving}\`, with which there is nothing to build from${more}`;
}
