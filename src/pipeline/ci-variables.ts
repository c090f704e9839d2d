import { forValues } from './variables/ci-variable.ts';
import type { CiContext, CiVariable, CiVariables } from './variables/ci-variable.ts';
import { COMMIT_VARIABLES } from './variables/commit.ts';
import { PIPELINE_VARIABLES } from './variables/pipeline.ts';
import { PREVIOUS_VARIABLES } from './variables/previous.ts';
import { REPOSITORY_VARIABLES } from './variables/repository.ts';
import { SYSTEM_VARIABLES } from './variables/system.ts';

export type { CiContext } from './variables/ci-variable.ts';

/**
 * The variables, in the order of the reference. Names and meanings are Woodpecker's (its documentation,
 * "Environment variables"), except where they say so. Those that differ from step to step are
 * `STEP_VARIABLES` of `src/core`.
 */
export const CI_VARIABLES: CiVariables = {
  CI: forValues('Always `slipway`.', () => 'slipway'),
  ...REPOSITORY_VARIABLES,
  ...COMMIT_VARIABLES,
  ...PIPELINE_VARIABLES,
  ...PREVIOUS_VARIABLES,
  ...SYSTEM_VARIABLES,
};

/**
 * The `CI_*` variables of a build, as environment for every step. Variables that the event has no value for are
 * absent. No value has a NUL, or more bytes than the 64 KiB that a process can safely be given.
 */
export function ciVariables(context: CiContext): Readonly<Record<string, string>> {
  return valuesOf(context, () => true);
}

/** Those of them that values of the file may use. */
export function valueVariables(context: CiContext): Readonly<Record<string, string>> {
  return valuesOf(context, ({ isForValues }) => isForValues);
}

function valuesOf(context: CiContext, isWanted: (variable: CiVariable) => boolean): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, variable] of Object.entries(CI_VARIABLES)) {
    const value = isWanted(variable) ? variable.of(context) : null;
    if (value !== null) values[name] = bounded(value);
  }
  return values;
}

const MOST_BYTES = 64 * 1024;

function bounded(value: string): string {
  const text = value.replaceAll('\0', '');
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  return Buffer.from(text)
    .subarray(0, MOST_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}
