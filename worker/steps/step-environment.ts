import type { StepPlan } from '../../src/core/plan.ts';
import { secretsOfProgram, settingVariables } from '../../src/core/program.ts';
import { stepVariables, type StepRun } from '../../src/core/step-variables.ts';
import { secretsOf } from '../../src/core/workflow-rows.ts';
import type { LeaseSecrets, StepWork, WorkflowWork } from '../../src/core/work.ts';
import { WORKSPACE } from './fill-workspace.ts';

export type StepEnvironment =
  { readonly environment: Readonly<Record<string, string>> } | { readonly missingSecret: string };

/** The build's variables with those of one of its steps or services, which begins to run now. */
export function variablesOf(
  work: Pick<WorkflowWork, 'variables' | 'steps' | 'isAfterFailure'>,
  row: StepWork,
  now: { readonly atMs: number; readonly hasFailure: boolean; readonly isProgram?: boolean } & Partial<
    Pick<StepRun, 'split' | 'splitFile'>
  >,
): Readonly<Record<string, string>> {
  const own = stepVariables({
    name: row.name,
    type: row.kind === 'service' ? 'service' : now.isProgram === true ? 'plugin' : 'commands',
    number: work.steps.findIndex(({ stepId }) => stepId === row.stepId),
    attemptId: row.attemptId,
    startedAtMs: now.atMs,
    hasFailure: now.hasFailure || work.isAfterFailure === true,
    workspace: WORKSPACE,
    buildUrl: work.variables['CI_PIPELINE_URL'] ?? null,
    traceparent: row.traceparent ?? null,
    split: now.split ?? null,
    splitFile: now.splitFile ?? null,
  });
  return { ...work.variables, ...own };
}

/** What of a step or a service is in its environment, beside the build's variables. */
export type OwnEnvironment = Pick<StepPlan, 'environment' | 'program'>;

/**
 * The environment of a step or service: the variables, then its own and its settings, secrets filled in. Git is told that
 * the workspace is safe, since its files belong to root whoever runs the step.
 */
export function stepEnvironment(
  variables: Readonly<Record<string, string>>,
  own: OwnEnvironment,
  secrets: Pick<LeaseSecrets, 'values'>,
): StepEnvironment {
  const missing = missingSecret(own, secrets);
  if (missing !== null) return { missingSecret: missing };
  const values = Object.entries(own.environment).map(([name, value]): [string, string] => [
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
      ...(own.program === undefined ? {} : settingVariables(own.program, secrets.values)),
    },
  };
}

/** The first secret that a step or service needs and the project does not have; null when it has all. */
export function missingSecret(
  { environment, program }: OwnEnvironment,
  { values }: Pick<LeaseSecrets, 'values'>,
): string | null {
  const needed = [...secretsOf(environment), ...secretsOfProgram(program)];
  return needed.find((name) => !Object.hasOwn(values, name)) ?? null;
}
