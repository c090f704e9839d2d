import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { WrongValue } from '../call-server.ts';

export interface SecretSources {
  /** Names whose values are variables of the environment, as they are or in capitals. */
  readonly fromEnvironment: readonly string[];
  /** A file of lines `NAME=value`; undefined: none. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks a person, without showing what is typed; null: there is nobody to ask. */
  readonly ask: ((name: string) => Promise<string>) | null;
}

/**
 * The values of the secrets that a run needs. Nothing is taken from the environment that was not named: a variable of
 * the same name may be for something else.
 * @throws WrongValue that lists all that are missing.
 */
export async function gatherSecrets(
  needed: readonly string[],
  { fromEnvironment, file, environment, ask }: SecretSources,
): Promise<Record<string, string>> {
  const values: Record<string, string> = file === undefined ? {} : await readSecretsFile(file);
  for (const name of fromEnvironment) {
    const value = environment[name] ?? environment[name.toUpperCase()];
    if (value === undefined || value === '')
      throw new WrongValue(`--secret ${name}: there is no variable ${name} or ${name.toUpperCase()}`);
    values[name] = value;
  }
  const missing = needed.filter((name) => !Object.hasOwn(values, name));
  if (missing.length > 0 && ask === null)
    throw new WrongValue(
      `the run needs the ${missing.length === 1 ? 'secret' : 'secrets'} ${missing.join(', ')}; ` +
        'give each by --secret NAME, from the environment, or by --secret-file FILE',
    );
  for (const name of missing) if (ask !== null) values[name] = await ask(name);
  return Object.fromEntries(needed.map((name) => [name, values[name] ?? '']));
}

async function readSecretsFile(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new WrongValue(`the file ${file} ${error.code === 'ENOENT' ? 'is not there' : 'cannot be read'}`);
  });
  return Object.fromEntries(
    Object.entries(parseEnv(text)).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
