import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';

/** Files are cloned by steps of the file, or not at all. */
export function checkClone(
  { clone, skip_clone: skip }: Pick<PipelineSpec, 'clone' | 'skip_clone'>,
  report: Report,
): void {
  const [first] = clone;
  if (first !== undefined && skip?.value === true)
    report.add('clone_skipped', first.name, { line: report.lineOf(skip.span.offset) });
}
