import type { Foreign } from '../foreign.ts';
import { readCondition } from './expressions.ts';

/** What an `if` asks for; null: nothing; `never`: it cannot be said here, or cannot hold. */
export function conditionOf(written: Foreign | undefined): ReturnType<typeof readCondition> | 'never' {
  if (written === undefined) return null;
  const condition = readCondition(written.text() ?? '');
  return condition === null || condition.isNever ? 'never' : condition;
}
