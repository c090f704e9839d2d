import type { PlanEnvironment } from '../../src/core/plan.ts';
import type { LeaseSecrets } from '../../src/core/work.ts';
import { WORKSPACE } from './fill-workspace.ts';

export type StepEnvironment =
  { readonly environment: Readonly<Record<string, string>> } | { readonly missingSecret: string };

/**
 * The variables of a step or service: the build's, then its own, secrets filled in. Git is told that the workspace is
 * safe, since its files belong to root whoever runs the step.
 */
export function stepEnvironment(
  variables: Readonly<Record<string, string>>,
  own: PlanEnvironment,
  secrets: Pick<LeaseSecrets, 'values'>,
): StepEnvironment {
  const environment: Record<string, string> = {
    CI_WORKSPACE: WORKSPACE,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: WORKSPACE,
    ...variables,
  };
  for (const [name, value] of Object.entries(own)) {
    if (typeof value === 'string') {
      environment[name] = value;
      continue;
    }
    const secret = secrets.values[value.fromSecret];
    if (secret === undefined) return { missingSecret: value.fromSecret };
    environment[name] = secret;
  }
  return { environment };
}
