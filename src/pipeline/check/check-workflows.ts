import { didYouMean } from '../../core/did-you-mean.ts';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { inputVariable } from '../../core/input.ts';
import { checkCrons } from './check-crons.ts';
import { reportAbsent } from './check-dependencies.ts';
import { checkSchedulesNamed } from './check-schedules-named.ts';
import { checkTakes } from './check-takes.ts';
import { inputsOf } from '../inputs.ts';
import type { ReadWorkflow } from '../read-workflows.ts';

const START = { span: { offset: 0, length: 1 }, path: '' };

/** What files say of each other: every name is one workflow's, and none waits for itself. */
export function checkWorkflows(workflows: readonly ReadWorkflow[]): void {
  const surplus = workflows[PIPELINE_LIMITS.files];
  if (surplus !== undefined)
    surplus.report.add('too_complex', START, {
      what: 'the folder has more files',
      limit: PIPELINE_LIMITS.files,
    });
  const byName = new Map<string, ReadWorkflow>();
  for (const workflow of workflows) {
    const other = byName.get(workflow.name);
    if (other === undefined) byName.set(workflow.name, workflow);
    else workflow.report.add('workflow_duplicate', START, { name: workflow.name, file: other.file });
  }
  for (const workflow of workflows) checkDependencies(workflow, byName);
  checkSameInputs(workflows);
  checkCrons(workflows);
  checkSchedulesNamed(workflows);
  checkTakes(workflows);
  checkCycles(byName);
}

type ByName = ReadonlyMap<string, ReadWorkflow>;

function checkDependencies({ name, spec, report }: ReadWorkflow, byName: ByName): void {
  const others = [...byName.keys()].filter((one) => one !== name);
  for (const { name: dependency, optional } of spec?.depends_on ?? []) {
    if (dependency.value === '' || byName.has(dependency.value)) continue;
    if (optional === true) reportAbsent(dependency, others, report);
    else
      report.add('workflow_unknown', dependency, {
        name: dependency.value,
        fix: () => fixOf(dependency.value, others),
      });
  }
}

/** An input that several files ask for is the same in all of them. */
function checkSameInputs(workflows: readonly ReadWorkflow[]): void {
  const first = new Map<string, { readonly asked: string; readonly file: string }>();
  for (const { file, spec, report } of workflows)
    for (const one of spec?.inputs ?? []) {
      const variable = inputVariable(one.name.value);
      const asked = JSON.stringify(inputsOf([one]));
      const other = first.get(variable);
      if (other === undefined) first.set(variable, { asked, file });
      else if (other.asked !== asked && other.file !== file)
        report.add('input_differs', one.name, { name: one.name.value, file: other.file });
    }
}

function fixOf(name: string, others: readonly string[]): string {
  const near = didYouMean(name, others);
  if (near !== null) return `Did you mean \`${near}\`?`;
  if (others.length === 0) return 'Only files of `.slipway/` depend on each other: remove it.';
  const some = others.slice(0, 10).map((one) => `\`${one}\``);
  return `Other workflows are ${some.join(', ')}${others.length > some.length ? ' …' : ''}.`;
}

/** Depth first; a workflow met again while it is still open closes a cycle, which is reported once. */
function checkCycles(byName: ByName): void {
  const state = new Map<string, 'open' | 'done'>();
  const open: string[] = [];
  const walk = (workflow: ReadWorkflow): void => {
    state.set(workflow.name, 'open');
    open.push(workflow.name);
    for (const { name: dependency } of workflow.spec?.depends_on ?? []) {
      const next = byName.get(dependency.value);
      if (next === undefined) continue;
      const seen = state.get(next.name);
      if (seen === undefined) walk(next);
      else if (seen === 'open') {
        const cycle = [...open.slice(open.indexOf(next.name)), next.name];
        workflow.report.add('workflow_cycle', dependency, {
          cycle: cycle.map((name) => `\`${name}\``).join(' → '),
        });
      }
    }
    open.pop();
    state.set(workflow.name, 'done');
  };
  for (const workflow of byName.values()) if (!state.has(workflow.name)) walk(workflow);
}
