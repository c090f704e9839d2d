import { workflowLabel } from '../core/matrix-label.ts';
import type { BuildView } from '../core/views/build-view.ts';
import type { WorkflowView } from '../core/views/workflow-view.ts';
import { WrongValue } from './call-server.ts';
import { paint } from './print.ts';

/** A log of a build, as it is named on the command line. */
export interface NamedLog {
  /** Of the step, or of the environment that is deployed to. */
  readonly name: string;
  readonly kind: string;
  readonly logId: string;
  /** There is something in it, or there will be. */
  readonly begun: boolean;
}

/** Of the last attempt of each step, or of the steps of that name; in a build of several workflows with their names. */
export function logsOfSteps(build: BuildView, name?: string): readonly NamedLog[] {
  return build.workflows.flatMap((workflow) =>
    workflow.steps.flatMap((step): NamedLog[] => {
      const logId = step.attempts.at(-1)?.logId;
      const names = namesOf(build, workflow, step.name);
      if (logId === undefined || (name !== undefined && !names.includes(name))) return [];
      return [{ name: names.at(-1) ?? '', kind: step.kind, logId, begun: step.status !== 'pending' }];
    }),
  );
}

/** What a step may be called, the last of them unlike any other of the build. */
function namesOf({ workflows }: BuildView, workflow: WorkflowView, step: string): readonly string[] {
  return workflows.length === 1
    ? [step]
    : [step, `${workflow.name}: ${step}`, `${workflowLabel(workflow)}: ${step}`];
}

/** Of the deployments that the build made, or of those into that environment. */
export function logsOfDeployments(build: BuildView, environment?: string): readonly NamedLog[] {
  return build.deployments
    .filter(({ cause }) => cause === 'build')
    .filter((deployment) => environment === undefined || deployment.environment === environment)
    .map(({ environment: name, logId, startedAtMs }) => ({
      name,
      kind: 'deployment',
      logId,
      begun: startedAtMs !== null,
    }));
}

/** @throws WrongValue for a name that is no step and no environment of the build. */
export function demandLog(build: BuildView, name: string | undefined): void {
  const steps = build.workflows.flatMap((workflow) =>
    workflow.steps.flatMap((step) => namesOf(build, workflow, step.name)),
  );
  const environments = logsOfDeployments(build).map((log) => log.name);
  const names = [...new Set([...steps, ...environments])];
  if (name !== undefined && names.length > 0 && !names.includes(name))
    throw new WrongValue(`the build has no step or environment ${name}; it has: ${names.join(', ')}`);
}

export function titleOf({ name, kind }: NamedLog): string {
  return `${paint('bold', `── ${name}`)} ${paint('dim', kind)}\n`;
}
