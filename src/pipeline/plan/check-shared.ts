import { workflowLabel } from '../../core/matrix-label.ts';
import type { WorkflowPlan } from '../../core/plan.ts';
import type { ReadWorkflow } from '../read-workflows.ts';

/** A planned workflow with the file that it comes from. */
export interface Planned {
  readonly workflow: WorkflowPlan;
  readonly from: ReadWorkflow;
}

/** No two workflows of a build deploy to one environment or set one tag. */
export function checkShared(planned: readonly Planned[]): void {
  const environments = new Map<string, string>();
  const tags = new Map<string, string>();
  for (const { workflow, from } of planned) {
    const label = workflowLabel(workflow);
    const { push, deploys } = workflow.plan;
    for (const { environment } of deploys) {
      const first = environments.get(environment);
      if (first === undefined) environments.set(environment, label);
      else
        from.report.add('environment_twice', placeOf(from, environment), {
          name: environment,
          first,
          second: label,
        });
    }
    for (const tag of push?.tags ?? []) {
      const name = `${push?.repository}:${tag}`;
      const first = tags.get(name);
      if (first === undefined) tags.set(name, label);
      else
        from.report.add('tag_twice', from.spec?.push?.tags?.[0] ?? START, {
          tag: name,
          first,
          second: label,
        });
    }
  }
}

const START = { span: { offset: 0, length: 1 }, path: '' };

function placeOf({ spec }: ReadWorkflow, environment: string) {
  return spec?.deploy.find((one) => one.environment.value === environment)?.environment ?? START;
}
