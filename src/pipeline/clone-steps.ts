import type { DependencySpec } from './grammar/depends-on.ts';
import type { PipelineSpec } from './grammar/pipeline.ts';
import type { StepSpec } from './grammar/steps.ts';

/**
 * The file as if the steps of `clone` were its first ones, for which all others wait. They run one after another, as steps do,
 * until one of them says `depends_on`. Pure.
 */
export function withCloneSteps(spec: PipelineSpec): PipelineSpec {
  const { clone, steps } = spec;
  const all = [...clone, ...steps];
  if (clone.length === 0 || all.every(({ depends_on }) => depends_on === null))
    return { ...spec, steps: all };
  const own = inOrder(clone);
  const last = lastOf(own);
  return { ...spec, steps: [...own, ...steps.map((step) => waitingFor(step, last))] };
}

/** In a file whose steps say what they wait for, those of `clone` may leave it out as long as none of them says it. */
function inOrder(clone: readonly StepSpec[]): readonly StepSpec[] {
  if (clone.some(({ depends_on }) => depends_on !== null)) return clone;
  return clone.map((step, index) => waitingFor(step, clone.slice(Math.max(0, index - 1), index)));
}

/** Those that no other of them waits for: who waits for these waits for all. */
function lastOf(clone: readonly StepSpec[]): readonly StepSpec[] {
  const waitedFor = new Set(
    clone.flatMap(({ depends_on }) => depends_on ?? []).map(({ name }) => name.value),
  );
  return clone.filter(({ name }) => !waitedFor.has(name.value));
}

function waitingFor(step: StepSpec, others: readonly StepSpec[]): StepSpec {
  const said = step.depends_on ?? [];
  const known = new Set(said.map(({ name }) => name.value));
  const more = others.flatMap(({ name }): readonly DependencySpec[] =>
    known.has(name.value) ? [] : [{ name, optional: null }],
  );
  return { ...step, depends_on: [...said, ...more] };
}
