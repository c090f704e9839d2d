import type { Release } from '../../src/core/deployment.ts';
import type { DeployedEnvironment } from '../../src/core/work.ts';

export interface AppVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of the variables that hold secrets. */
  readonly secretNames: readonly string[];
  /** Secrets that have no value. */
  readonly missing: readonly string[];
}

/**
 * The environment variables of an app: the file's, with the secrets' values in them, and Slipway's own.
 * Nothing may be started while one is missing.
 */
export function appVariables(
  environment: DeployedEnvironment,
  release: Pick<Release, 'commit' | 'settings'>,
  secrets: Readonly<Record<string, string>>,
): AppVariables {
  const variables: Record<string, string> = {
    SLIPWAY_ENVIRONMENT: environment.name,
    SLIPWAY_COMMIT: release.commit,
  };
  const missing: string[] = [];
  for (const [name, value] of Object.entries(release.settings.env)) {
    if (typeof value === 'string') variables[name] = value;
    else if (secrets[value.fromSecret] !== undefined) variables[name] = secrets[value.fromSecret] ?? '';
    else missing.push(value.fromSecret);
  }
  const secretNames = Object.keys(release.settings.env).filter(
    (name) => typeof release.settings.env[name] !== 'string',
  );
  return { variables, secretNames, missing: [...new Set(missing)] };
}
