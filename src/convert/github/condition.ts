import type { Foreign } from '../foreign.ts';
import type { DispatchInputs } from './dispatch-inputs.ts';
import { readCondition } from './read-condition.ts';

/** What an `if` asks for; null: nothing; `never`: it cannot be said here, or cannot hold. */
export function conditionOf(
  written: Foreign | undefined,
  inputs: DispatchInputs['known'],
): ReturnType<typeof readCondition> | 'never' {
  if (written === undefined) return null;
  const condition = readCondition(written.text() ?? '', inputs);
  return condition === null || condition.isNever ? 'never' : condition;
}
