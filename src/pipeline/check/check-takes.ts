import { didYouMean } from '../../core/did-you-mean.ts';
import type { MatrixValues } from '../../core/plan.ts';
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
        const isUnknown = producer === undefined || producer === workflow;
        workflow.report.add('artifact_not_awaited', take.from, {
          name: take.from.value,
          fix: () =>
            isUnknown ? fixOf(take.from.value, known) : `Add \`${take.from.value}\` to \`depends_on\`.`,
        });
      } else if (producer.spec !== null && producer.isWhole) checkKept(workflow, take, producer.spec);
    }
}

type ByName = ReadonlyMap<string, ReadWorkflow>;

/** Also through others. */
function waitsFor(workflow: ReadWorkflow, name: string, byName: ByName): boolean {
  const met = new Set<ReadWorkflow | undefined>([workflow]);
  for (const one of met)
    for (const dependency of one?.spec?.depends_on ?? []) {
      if (dependency.name.value === name) return true;
      met.add(byName.get(dependency.name.value));
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

function checkKept(
  { report, spec }: ReadWorkflow,
  { from, name, matrix, optional }: TakeSpec,
  producer: PipelineSpec,
): void {
  const kept = producer.steps.flatMap(({ artifacts }) =>
    artifacts === null ? [] : (artifacts.name ?? 'files'),
  );
  const add = (at: Located<string>, what: string, fix: string | (() => string)): void =>
    report.add('artifact_unknown', at, { workflow: from.value, what, fix });
  if (kept.length === 0) return add(from, 'artifacts', 'Write `artifacts` on the step that makes the files.');
  for (const one of name ?? []) {
    if (one.value === '' || kept.includes(one.value)) continue;
    add(one, `artifact \`${one.value}\``, () => {
      const near = didYouMean(one.value, kept);
      const all = [...new Set(kept)].slice(0, 10).map((each) => `\`${each}\``);
      return near === null ? `It keeps ${all.join(', ')}.` : `Did you mean \`${near}\`?`;
    });
  }
  const combinations = combinationsOf(producer);
  const own = combinationsOf({ matrix: spec?.matrix ?? null });
  if (combinations === null || own === null) return;
  if (matrix === null) {
    if (!optional) checkAgreeing(own, combinations, (what, fix) => add(from, what, fix));
    return;
  }
  const wanted = matrix.map(({ name: variable, value }) => ({ variable: variable.value, value }));
  const unknown = wanted.filter(({ variable, value }) =>
    combinations.every((one) => one[variable] !== value.value),
  );
  const together = Object.fromEntries(wanted.map(({ variable, value }) => [variable, value.value]));
  const last = wanted.at(-1);
  for (const { variable, value } of unknown)
    add(
      value,
      combination({ [variable]: value.value }),
      'Write a variable of its matrix and one of its values.',
    );
  if (unknown.length === 0 && last !== undefined && !combinations.some((one) => isWithin(together, one)))
    add(
      last.value,
      combination(together),
      'Each of these values is in its matrix, and none of its combinations has them all: write values of one combination.',
    );
}

const combinationsOf = ({ matrix }: Pick<PipelineSpec, 'matrix'>): readonly MatrixValues[] | null =>
  matrix === null ? [{}] : planMatrix(matrix, PIPELINE_LIMITS.workflows);

const isWithin = (some: MatrixValues, all: MatrixValues): boolean =>
  Object.entries(some).every(([name, value]) => all[name] === value);

const combination = (values: MatrixValues): string =>
  `combination with \`${Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')}\``;

/** Without a `matrix` of its own an entry means what agrees with each combination of who takes it: there is something. */
function checkAgreeing(
  own: readonly MatrixValues[],
  theirs: readonly MatrixValues[],
  add: (what: string, fix: string) => void,
): void {
  const known = new Set(theirs.flatMap((one) => Object.keys(one)));
  for (const one of own) {
    const shared = Object.fromEntries(Object.entries(one).filter(([name]) => known.has(name)));
    if (theirs.length === 0 || theirs.some((other) => isWithin(shared, other))) continue;
    return add(
      combination(shared),
      'This workflow has that combination: leave it out by `exclude`, add it there, say with `matrix` which one is meant, or write `optional: true`.',
    );
  }
}
