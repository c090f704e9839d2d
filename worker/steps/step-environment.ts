import type { PlanEnvironment } from '../../src/core/plan.ts';
import { stepVariables } from '../../src/core/step-variables.ts';
import { secretsOf } from '../../src/core/workflow-rows.ts';
import type { LeaseSecrets, StepWork, WorkflowWork } from '../../src/core/work.ts';
import { WORKSPACE } from './fill-workspace.ts';

export type StepEnvironment =
  { readonly environment: Readonly<Record<string, string>> } | { readonly missingSecret: string };

/** The build's variables with those of one of its steps or services, which begins to run now. */
export function variablesOf(
  work: Pick<WorkflowWork, 'variables' | 'steps'>,
  row: StepWork,
  now: { readonly atMs: number; readonly hasFailure: boolean },
): Readonly<Record<string, string>> {
  const own = stepVariables({
    name: row.name,
    type: row.kind === 'service' ? 'service' : 'commands',
    number: work.steps.findIndex(({ stepId }) => stepId === row.stepId),
    attemptId: row.attemptId,
    startedAtMs: now.atMs,
    hasFailure: now.hasFailure,
    workspace: WORKSPACE,
    buildUrl: work.variables['CI_PIPELINE_URL'] ?? null,
    traceparent: row.traceparent ?? null,
  });
  return { ...work.variables, ...own };
}

/**
 * The environment of a step or service: the variables, then its own, secrets filled in. Git is told that the workspace
 * is safe, since its files belong to root whoever runs the step.
 */
export function stepEnvironment(
  variables: Readonly<Record<string, string>>,
  own: PlanEnvironment,
  secrets: Pick<LeaseSecrets, 'values'>,
): StepEnvironment {
  const missing = missingSecret(own, secrets);
  if (missing !== null) return { missingSecret: missing };
  const values = Object.entries(own).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : (secrets.values[value.fromSecret] ?? ''),
  ]);
  return {
    environment: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: WORKSPACE,
      ...variables,
      ...Object.fromEntries(values),
    },
  };
}

/** The first secret of an environment that the project does not have; null when it has all. */
export function missingSecret(own: PlanEnvironment, { values }: Pick<LeaseSecrets, 'values'>): string | null {
  return secretsOf(own).find((name) => values[name] === undefined) ?? null;
}
