import { branchOf, refOf } from '../core/event.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { compileGlob, matchesGlob } from '../core/glob.ts';
import type { MatrixValues } from '../core/plan.ts';
import type { EvaluateSpec } from './grammar/evaluate.ts';
import type { Condition, EventName, Filter } from './grammar/when.ts';

/** What conditions are held against. `changedFiles` null: not known, and `path` then matches. */
export interface Occasion {
  readonly event: RepositoryEvent;
  readonly changedFiles: readonly string[] | null;
  readonly defaultBranch: string;
  /** The combination of the matrix; empty where there is none. */
  readonly matrix: MatrixValues;
  /** Whether an expression holds. */
  readonly evaluates: (evaluate: EvaluateSpec) => boolean;
}

export type Outcome = 'success' | 'failure';

/**
 * For a step: which outcomes of the steps before let it run; null when no condition holds. As in
 * Woodpecker, the statuses of all conditions that hold count together, and one without means success.
 */
export function matchStep(
  conditions: readonly Condition[] | null,
  occasion: Occasion,
): readonly Outcome[] | null {
  if (conditions === null) return ['success'];
  const held = conditions.filter((condition) => holds(condition, occasion));
  if (held.length === 0) return null;
  const all = new Set(held.flatMap(({ status }) => status ?? ['success' as const]));
  return (['success', 'failure'] as const).filter((outcome) => all.has(outcome));
}

/**
 * For `push`: without conditions all but pull requests and builds by the clock. A condition that names no event is about pushes
 * and manual builds, about tags too where it names `tag` or `ref`, or about builds by the clock where it names `cron`: nothing is
 * published for a pull request, for any tag, or each night, just because a branch matched.
 */
export function matchPush(conditions: readonly Condition[] | null, occasion: Occasion): boolean {
  if (isUntrusted(occasion.event)) return false;
  if (conditions === null) return occasion.event.kind !== 'pull_request' && occasion.event.kind !== 'cron';
  return conditions.some((condition) => holds(ofStage(condition), occasion));
}

/** For a deployment: as for `push`, but without conditions only the default branch. */
export function matchDeploy(conditions: readonly Condition[] | null, occasion: Occasion): boolean {
  const onDefault: Condition = {
    ...ANY,
    branch: { include: [literal(occasion.defaultBranch)], exclude: [] },
  };
  return matchPush(conditions ?? [onDefault], occasion);
}

const ANY: Condition = {
  event: null,
  branch: null,
  tag: null,
  ref: null,
  path: null,
  cron: null,
  matrix: null,
  status: null,
  evaluate: null,
};

const isUntrusted = (event: RepositoryEvent): boolean => event.kind === 'pull_request' && event.fromFork;

function ofStage(condition: Condition): Condition {
  if (condition.event !== null) return condition;
  if (condition.cron !== null) return { ...condition, event: ['cron'] };
  const namesTags = condition.tag !== null || condition.ref !== null;
  const event: readonly EventName[] = namesTags ? ['push', 'manual', 'tag'] : ['push', 'manual'];
  return { ...condition, event };
}

/** For a whole file: without conditions always. */
export function matchWorkflow(conditions: readonly Condition[] | null, occasion: Occasion): boolean {
  return conditions === null || conditions.some((condition) => holds(condition, occasion));
}

function holds(condition: Condition, { event, changedFiles, matrix, evaluates }: Occasion): boolean {
  const { branch, tag, ref, path, cron, evaluate } = condition;
  if (condition.event !== null && !condition.event.includes(event.kind)) return false;
  if (condition.matrix?.some(({ name, value }) => matrix[name] !== value.value) === true) return false;
  const branchName = branchOf(event);
  if (branch !== null && branchName !== null && !matchesFilter(branch, branchName)) return false;
  if (tag !== null && !(event.kind === 'tag' && matchesFilter(tag.value, event.tag))) return false;
  if (cron !== null && !(event.kind === 'cron' && matchesFilter(cron.value, event.cron))) return false;
  if (ref !== null && !matchesFilter(ref.value, refOf(event))) return false;
  if (path !== null && !passesFiles(path, event, changedFiles)) return false;
  return evaluate === null || evaluates(evaluate);
}

/** Whether one of `include` matches, or it is empty, and none of `exclude`. */
export function matchesFilter({ include, exclude }: Filter, text: string): boolean {
  const some = (patterns: readonly string[]) => patterns.some((pattern) => matchesGlob(pattern, text));
  return (include.length === 0 || some(include)) && !some(exclude);
}

/** As in Woodpecker: no changed files match; excluded only when every changed file is. */
function passesFiles(
  { include, exclude }: Filter,
  event: RepositoryEvent,
  files: readonly string[] | null,
): boolean {
  if (event.kind !== 'push' && event.kind !== 'pull_request') return true;
  if (files === null || files.length === 0) return true;
  const hit = (patterns: readonly string[]) => {
    const compiled = patterns.map(compileGlob);
    return (file: string) => compiled.some((matches) => matches(file));
  };
  if (exclude.length > 0 && files.every(hit(exclude))) return false;
  return include.length === 0 || files.some(hit(include));
}

/** A text as a pattern that matches only itself. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]{}]/g, '\\$&');
}
