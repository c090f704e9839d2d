import { parseExpression } from '../../pipeline/expression/parse-expression.ts';
import { writeExpression } from '../../pipeline/expression/write-expression.ts';
import type { Foreign } from '../foreign.ts';
import { isVariable } from '../names.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { Out, OutEntry, OutMap } from '../out.ts';
import { filterEntry, pattern } from './filter.ts';
import { occasionsOf } from './occasions.ts';
import type { OccasionWords } from './occasions.ts';

/** What conditions of Woodpecker and Drone differ in. */
export interface ConditionWords extends OccasionWords {
  /** Names of its conditions that are called something else here. */
  readonly path: 'path' | 'paths';
}

/** Conditions of which one must hold; `never` when none can hold here. */
export type Conditions = { readonly kind: 'never' } | { readonly kind: 'when'; readonly value: Out };

/**
 * `when` of a step or a workflow: a condition, or a list of them; null where there are none.
 * @param isOfFile Whether it is a workflow's.
 */
export function conditionsOf(when: Foreign, words: ConditionWords, isOfFile = false): Conditions | null {
  const all = when.oneOrMore();
  if (all.length === 0) {
    when.needs('it is empty');
    return null;
  }
  const held = all.flatMap((one) => conditionOf(one, words, isOfFile));
  const [first] = held;
  if (first === undefined) return { kind: 'never' };
  return { kind: 'when', value: held.length === 1 ? first : list(held, when) };
}

/** As conditions of ours, of which one must hold; none where it cannot hold here. */
export function conditionOf(condition: Foreign, words: ConditionWords, isOfFile: boolean): readonly OutMap[] {
  const occasions = occasionsOf(condition, words);
  const status = statusEntry(condition.get('status'));
  const branch = branchOf(condition.get('branch'));
  const evaluate =
    occasions.length === 0 || status === 'never' ? null : evaluateOf(condition, branch.evaluate, isOfFile);
  if (status === 'never' || evaluate === null) {
    for (const one of condition.entries())
      if (one.isUnread) one.needs('its condition cannot hold here and is left out');
    condition.use();
    return [];
  }
  const path = condition.get(words.path);
  if (words.path === 'paths')
    path?.changes(
      'Drone looks at it with an extension of its server alone',
      'Nothing where that is there; otherwise remove it.',
    );
  const tag = condition.get('tag');
  tag?.changes(
    'it is no condition there, where nothing looks at it',
    'Nothing where it says what is meant; otherwise remove it.',
  );
  const rest = [
    branch.filter,
    filterEntry(tag, 'tag'),
    filterEntry(condition.get('ref'), 'ref'),
    filterEntry(path, 'path'),
    status,
    evaluate.length === 0
      ? null
      : entry(
          'evaluate',
          evaluate.join(' && '),
          condition.get('evaluate') ??
            (branch.evaluate.length > 0 ? (condition.get('branch') ?? null) : null),
        ),
  ];
  return occasions.map(({ event, cron }) => map([event, cron, ...rest], condition));
}

/** What is said of branches: by patterns, and, of the default branch, whose name is not known here, by an expression. */
function branchOf(branch: Foreign | undefined): {
  readonly filter: OutEntry | null;
  readonly evaluate: readonly string[];
} {
  const [include, exclude] =
    branch?.kind === 'map' ? [branch.get('include'), branch.get('exclude')] : [branch, undefined];
  const included = include?.oneOrMore() ?? [];
  const excluded = exclude?.oneOrMore() ?? [];
  const isDefault = included.length === 1 && included.every(isDefaultBranch);
  const others = excluded.filter((one) => !isDefaultBranch(one));
  if (!isDefault && others.length === excluded.length)
    return { filter: filterEntry(branch, 'branch'), evaluate: [] };
  for (const one of [...included, ...excluded])
    if (isDefaultBranch(one) && (isDefault || excluded.includes(one))) one.use();
  const patterns = map(
    [
      isDefault || include === undefined ? null : entry('include', copy(include, pattern), include),
      others.length === 0
        ? null
        : entry('exclude', list(others.map((one) => copy(one, pattern))), exclude ?? null),
    ],
    branch ?? null,
  );
  return {
    filter: patterns.entries.length === 0 ? null : entry('branch', patterns, branch ?? null),
    evaluate: [
      ...(isDefault ? [onDefaultBranch('==')] : []),
      ...(others.length < excluded.length ? [onDefaultBranch('!=')] : []),
    ],
  };
}

/** `branch` is not looked at for tags. */
const onDefaultBranch = (operator: '==' | '!='): string =>
  `(CI_PIPELINE_EVENT == "tag" || CI_COMMIT_BRANCH ${operator} CI_REPO_DEFAULT_BRANCH)`;

const isDefaultBranch = (one: Foreign): boolean =>
  one.kind === 'text' && /^\$\{(?:CI|DRONE)_REPO(?:_DEFAULT)?_BRANCH\}$/.test(one.peek());

function statusEntry(status: Foreign | undefined): OutEntry | null | 'never' {
  if (status === undefined) return null;
  const [included, excluded] =
    status.kind === 'map' ? [status.get('include'), status.get('exclude')] : [status, undefined];
  if ((included?.oneOrMore() ?? []).length + (excluded?.oneOrMore() ?? []).length === 0) return null;
  const base =
    included === undefined ? STATUSES.map((one) => text(one, excluded ?? null)) : statusesOf(included);
  const without = excluded === undefined ? [] : statusesOf(excluded).map(({ value }) => value);
  const left = base.filter(({ value }) => !without.includes(value));
  return left.length === 0 ? 'never' : entry('status', list(left, status), status);
}

const STATUSES = ['success', 'failure'] as const;

function statusesOf(names: Foreign) {
  return names.oneOrMore().flatMap((one) => {
    const name = one.text();
    if (name === 'success' || name === 'failure') return [text(name, one)];
    if (name !== null)
      one.leaveOut(`no step runs after \`${name}\``, '`status` is success, failure, or both.');
    return [];
  });
}

/** What has no filter of its own here and is said by an expression; null where it cannot be said, or cannot hold. */
function evaluateOf(
  condition: Foreign,
  more: readonly string[],
  isOfFile: boolean,
): readonly string[] | null {
  const own = expressionOf(condition.get('evaluate'));
  const matrix = condition.get('matrix');
  if (isOfFile) matrix?.needs('a workflow’s condition does not look at it');
  const said = [
    named(condition.get('repo'), 'CI_REPO'),
    named(condition.get('instance'), 'CI_SYSTEM_HOST'),
    ...(isOfFile ? [] : matrixParts(matrix)),
  ];
  const platform = condition.get('platform');
  if (platform !== undefined)
    platform.leaveOut('a step does not choose a platform', 'Write `labels` for the workflow.');
  const asked = ['environment', 'target'].flatMap((name) => condition.get(name) ?? []);
  for (const one of asked)
    one.leaveOut('no event of the Git host asks for a deployment', 'Write `deploy`, with a `when`.');
  if (asked.some((one) => one.kind !== 'map' || one.has('include'))) return null;
  noteAction(condition.get('action'));
  if (said.includes('unsaid')) return null;
  const parts = [...said.filter((one) => one !== null), ...more];
  if (own === null) return parts;
  return parts.length === 0 ? [own] : [`(${own})`, ...parts];
}

/** Its events are those of the condition. */
function noteAction(action: Foreign | undefined): void {
  if (action === undefined) return;
  const names = action.kind === 'map' ? [] : action.oneOrMore().map((one) => one.peek());
  if (names.includes('create') || (names.includes('opened') && names.includes('synchronized')))
    action.needs('its events are those of the condition');
  else
    action.leaveOut(
      'a build does not know whether its pull request is a new one',
      'Compute it in the commands, or remove it.',
    );
}

/** As it is there, where text never equals a number; that is an error in a file of ours, so what it comes to is written. */
function expressionOf(evaluate: Foreign | undefined): string | null {
  const written = withNames(evaluate?.text() ?? null);
  if (evaluate === undefined || written === null) return null;
  if (written === '') {
    evaluate.needs('it is empty');
    return null;
  }
  if (parseExpression(written).expression !== null) return written;
  const { expression } = parseExpression(written, true);
  if (expression === null) {
    evaluate.changes(
      'it is no expression here, and stands as it is',
      'Write it in the language of docs/pipeline.md.',
    );
    return written;
  }
  evaluate.changes(
    'a variable is text, which equals no number there either; what that comes to is written',
    'Write the number in quotes, if they are to be compared.',
  );
  return writeExpression(expression);
}

/** A quoted variable is its name: here no value becomes a part of an expression. */
function withNames(expression: string | null): string | null {
  return expression?.replace(/(["'])\$\{([A-Za-z_]\w*)\}\1/g, '$2') ?? null;
}

/** As {@link equals}, of names that may have `*` and `?`, for anything but `/`. */
function named(value: Foreign | undefined, variable: string): string | null {
  const names = value?.kind === 'map' ? (value.get('include') ?? value.get('exclude')) : value;
  const items = names?.oneOrMore() ?? [];
  const isPattern = items.some((one) => /[*?]/.test(one.peek()));
  const isSaid = items.every((one) => one.kind === 'text' && !/[[\]{}"\\^]|\*\*/.test(one.peek()));
  if (value === undefined || !isPattern || !isSaid || (value.kind === 'map' && value.entries().length > 1))
    return equals(value, variable);
  const parts = items.map((one) => `${variable} matches "${regularOf(one.text() ?? '')}"`);
  const either = parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' || ')})`;
  return value.kind === 'map' && !value.has('include') ? `!(${either})` : either;
}

/** In the syntax of RE2, as a text of an expression has it. */
function regularOf(pattern: string): string {
  const escaped = pattern.replace(/[.+$()|]/g, '[$&]');
  return `^${escaped.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`;
}

/** `unsaid`, and noted, where it is no list of names. */
function equals(value: Foreign | undefined, variable: string): string | null {
  if (value === undefined) return null;
  const isExcluded = value.kind === 'map' && !value.has('include');
  const names = value.kind === 'map' ? (value.get('include') ?? value.get('exclude')) : value;
  const items = names?.oneOrMore() ?? [];
  const isPattern = items.some((one) => one.kind !== 'text' || /[*?[{"\\]/.test(one.peek()));
  if (items.length === 0 || isPattern || (value.kind === 'map' && value.entries().length > 1)) {
    value.leaveOut('it is compared as a whole name only', `Write \`evaluate\` with ${variable}.`);
    return 'unsaid';
  }
  const parts = items.map((one) => `${variable} ${isExcluded ? '!=' : '=='} "${one.text() ?? ''}"`);
  return parts.length === 1 ? (parts[0] ?? null) : `(${parts.join(isExcluded ? ' && ' : ' || ')})`;
}

/** Of Woodpecker all of `include` must hold, which may be written without that word, and not all of `exclude`. */
function matrixParts(matrix: Foreign | undefined): readonly (string | null)[] {
  const parts = (of: Foreign): readonly (string | null)[] =>
    of.entries().map((one) => {
      if (isVariable(one.key)) return equals(one, one.key);
      one.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
      return null;
    });
  return (
    matrix?.entries().flatMap((one) => {
      if (one.kind !== 'map') return isVariable(one.key) ? [equals(one, one.key)] : parts(one);
      if (one.key === 'include') return parts(one);
      if (one.key !== 'exclude') return [equals(one, one.key)];
      const all = parts(one);
      if (all.length === 0 || all.includes('unsaid')) return all;
      return [`!(${all.filter((each) => each !== null).join(' && ')})`];
    }) ?? []
  );
}
