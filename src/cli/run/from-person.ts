import { harmless } from '../../pipeline/excerpt.ts';
import type { Plan } from '../../core/plan.ts';
import { paint } from '../print.ts';
import { askSecret } from './ask-secret.ts';
import { readDockerLogins, type Logins } from './docker-logins.ts';
import { gatherSecrets } from './gather-secrets.ts';

export const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Where a person has said that secrets are. */
export interface SecretOptions {
  readonly secrets: readonly string[];
  readonly secretFile: string | undefined;
}

/** Values of the secrets that a run needs. */
export type Secrets = (needed: readonly string[], signal: AbortSignal) => Promise<Record<string, string>>;

/** A person is asked for each once, however many runs there are. */
export function secretKeeper(options: SecretOptions): Secrets {
  const given: Record<string, string> = {};
  return async (needed, signal) => {
    const ask = async (name: string): Promise<string> => (given[name] ??= await askSecret(name, signal));
    return gatherSecrets(needed, {
      fromEnvironment: options.secrets,
      file: options.secretFile,
      environment: process.env,
      ask: isTerminal() ? ask : null,
    });
  };
}

/** This person's own logins, for images of private registries; what cannot be used of them is said. */
export async function findLogins(
  plans: readonly Plan[],
  references: readonly string[] = [],
): Promise<Logins> {
  const { logins, left } = await readDockerLogins(plans, references, process.env);
  for (const why of left) process.stderr.write(paint('dim', `A login is left out: ${harmless(why)}.\n`));
  return logins;
}
