import { didYouMean } from '../../core/did-you-mean.ts';
import type { Located } from '../report.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { TakeSpec } from '../grammar/takes.ts';
import type { ReadWorkflow } from '../read-workflows.ts';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { planMatrix } from '../plan/plan-matrix.ts';

/** Who takes artifacts waits for a workflow whose steps keep them, in the combinations that are meant. */
export function checkTakes(workflows: readonly ReadWorkflow[]): void {
  const byName = new Map(workflows.map((workflow) => [workflow.name, workflow]));
  for (const workflow of workflows)
    for (const take of workflow.spec?.artifacts ?? []) {
      if (take.from.value === '') continue;
      const producer = byName.get(take.from.value);
      if (producer === undefined || !waitsFor(workflow, producer.name, byName)) {
        const known = [...byName.keys()].filter((name) => name !== workflow.name);
        const fix = producer === undefined || producer === workflow ? fixOf(take.from.value, known) : '';
        workflow.report.add('artifact_not_awaited', take.from, {
          name: take.from.value,
          fix: fix === '' ? `Add \`${take.from.value}\` to \`depends_on\`.` : fix,
        });
      } else if (producer.spec !== null && producer.isWhole) checkKept(workflow, take, producer.spec);
    }
}

type ByName = ReadonlyMap<string, ReadWorkflow>;

/** Also through others. */
function waitsFor(workflow: ReadWorkflow, name: string, byName: ByName): boolean {
  const met = new Set<ReadWorkflow | undefined>([workflow]);
  for (const one of met)
    for (const { value } of one?.spec?.depends_on ?? []) {
      if (value === name) return true;
      met.add(byName.get(value));
    }
  return false;
}

function fixOf(name: string, others: readonly string[]): string {
  const near = didYouMean(name, others);
  if (near !== null) return `Did you mean \`${near}\`?`;
  return others.length === 0
    ? 'Steps of one workflow share the workspace: only files of `.slipway/` take artifacts of each other.'
    : 'Write the name of another workflow, without the ending of its file.';
}

function checkKept({ report }: ReadWorkflow, { from, name, matrix }: TakeSpec, producer: PipelineSpec): void {
  const kept = producer.steps.flatMap(({ artifacts }) =>
    artifacts === null ? [] : (artifacts.name ?? 'files'),
  );
  const add = (at: Located<string>, what: string, fix: string): void =>
    report.add('artifact_unknown', at, { workflow: from.value, what, fix });
  if (kept.length === 0) return add(from, 'artifacts', 'Write `artifacts` on the step that makes the files.');
  for (const one of name ?? []) {
    if (one.value === '' || kept.includes(one.value)) continue;
    const near = didYouMean(one.value, kept);
    const all = [...new Set(kept)].slice(0, 10).map((each) => `\`${each}\``);
    add(
      one,
      `artifact \`${one.value}\``,
      near === null ? `It keeps ${all.join(', ')}.` : `Did you mean \`${near}\`?`,
    );
  }
  const combinations = producer.matrix === null ? [] : planMatrix(producer.matrix, PIPELINE_LIMITS.workflows);
  if (combinations === null) return;
  for (const { name: variable, value } of matrix ?? [])
    if (!combinations.some((one) => one[variable.value] === value.value))
      add(
        value,
        `combination with \`${variable.value}: ${value.value}\``,
        'Write a variable of its matrix and one of its values.',
      );
}
