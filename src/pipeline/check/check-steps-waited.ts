import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Report } from '../report.ts';

/**
 * Warns of a step that fell out of the order: another's `depends_on` made the steps a graph, and this one, without the
 * key and named by none, starts at once. The first step of the file would anyway.
 */
export function checkStepsWaited({ steps }: PipelineSpec, report: Report): void {
  const named = new Set(steps.flatMap(({ depends_on }) => depends_on?.map((one) => one.name.value) ?? []));
  const first = steps.find(({ depends_on }) => depends_on !== null);
  if (first === undefined) return;
  for (const { name, depends_on } of steps.slice(1))
    if (depends_on === null && name.value !== '' && !named.has(name.value))
      report.add('step_unordered', name, { step: name.value, other: first.name.value });
}
