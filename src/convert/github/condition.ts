import type { Foreign } from '../foreign.ts';
import type { Start } from './start.ts';
import { readCondition, type Condition } from './read-condition.ts';

/** What says that it is no pull request, and nothing else. */
export const NO_PULL_REQUEST: ReadonlySet<string | null> = new Set([
  'CI_PIPELINE_EVENT != "pull_request"',
  '!(CI_PIPELINE_EVENT == "pull_request")',
]);
/** Other expressions that hold for no pull request. */
const NEVER_OF_ONE =
  /^(?:\(?CI_PIPELINE_EVENT == "(?!pull)\w+"(?: \|\| CI_PIPELINE_EVENT == "(?!pull)\w+")*\)?|lower\(CI_COMMIT_REF\) (?:==|startsWith) "refs\/(?:heads|tags)\/[^"]*")$/;

/** What an `if` asks for; null: nothing; `never`: it cannot be said here, or cannot hold. */
export function conditionOf(
  written: Foreign | undefined,
  start: Start,
): ReturnType<typeof readCondition> | 'never' {
  if (written === undefined) return null;
  const said = written.text() ?? '';
  // An empty one is `success()` there.
  if (said.trim() === '' && written.kind !== 'map' && written.kind !== 'list') return null;
  const condition = readCondition(said, start);
  return condition === null || condition.isNever ? 'never' : condition;
}

/** Whether an expression of ours surely holds in no build of a pull request. */
export function holdsForNoPullRequest(evaluate: string): boolean {
  const isOf = (one: string): boolean => NO_PULL_REQUEST.has(one) || NEVER_OF_ONE.test(one);
  return isOf(evaluate) || conjunctsOf(evaluate).some(isOf);
}

/** What all must hold, of an expression that is written as conditions are here. */
function conjunctsOf(evaluate: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const token of evaluate.replace(/^\((.*)\)$/s, '$1').match(/"(?:[^"\\]|\\.)*"| && |[^]/g) ?? []) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    // A bracket that was taken off belonged to something else.
    if (depth < 0) return [evaluate];
    if (token === ' && ' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + token);
  }
  return parts;
}

/** How builds begin in which something with that `if` runs, as far as that is sure. */
export function startUnder(start: Start, condition: Condition | null): Start {
  if (condition?.evaluate == null || !holdsForNoPullRequest(condition.evaluate)) return start;
  return { ...start, events: start.events.filter((event) => event !== 'pull_request') };
}
