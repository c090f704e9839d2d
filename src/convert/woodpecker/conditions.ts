import { parseExpression } from '../../pipeline/expression/parse-expression.ts';
import { writeExpression } from '../../pipeline/expression/write-expression.ts';
import { eventsOf, noteSchedule } from '../events.ts';
import type { EventTable, OurEvent } from '../events.ts';
import { OUR_EVENTS } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import { isVariable } from '../names.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';

/** What conditions of Woodpecker and Drone differ in. */
export interface ConditionWords {
  readonly events: EventTable;
  /** Names of its conditions that are called something else here. */
  readonly path: 'path' | 'paths';
}

/** Conditions of which one must hold; `never` when none can hold here. */
export type Conditions = { readonly kind: 'never' } | { readonly kind: 'when'; readonly value: Out };

/** `when` of a step or a workflow: a condition, or a list of them. */
export function conditionsOf(when: Foreign, words: ConditionWords): Conditions {
  const all = when.oneOrMore();
  const held = all.flatMap((one) => {
    const condition = conditionOf(one, words);
    return condition === null ? [] : [condition];
  });
  const [first] = held;
  if (first === undefined && all.length > 0) return { kind: 'never' };
  return { kind: 'when', value: held.length === 1 && first !== undefined ? first : list(held, when) };
}

/** Null when it cannot hold here. */
export function conditionOf(
  condition: Foreign,
  words: ConditionWords,
  more: readonly OutEntry[] = [],
): Out | null {
  const event = eventEntry(condition.get('event'), words.events);
  const status = statusEntry(condition.get('status'));
  const branch = branchOf(condition.get('branch'));
  const evaluate = event === 'never' || status === 'never' ? null : evaluateOf(condition, branch.evaluate);
  if (event === 'never' || status === 'never' || evaluate === null) {
    for (const one of condition.entries())
      if (one.isUnread) one.needs('its condition cannot hold here and is left out');
    condition.use();
    return null;
  }
  const cron = condition.get('cron');
  if (cron !== undefined && event === null) noteSchedule(cron);
  return map(
    [
      event,
      branch.filter,
      ...['tag', 'ref'].map((name) => filterEntry(condition.get(name), name)),
      filterEntry(cron, 'cron'),
      filterEntry(condition.get(words.path), 'path'),
      status,
      evaluate.length === 0
        ? null
        : entry(
            'evaluate',
            evaluate.join(' && '),
            condition.get('evaluate') ??
              (branch.evaluate.length > 0 ? (condition.get('branch') ?? null) : null),
          ),
      ...more,
    ],
    condition,
  );
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

function eventEntry(event: Foreign | undefined, table: EventTable): OutEntry | null | 'never' {
  if (event === undefined) return null;
  const excluded = event.kind === 'map' ? event.get('exclude') : undefined;
  const included = event.kind === 'map' ? event.get('include') : event;
  const base: readonly OurEvent[] = included === undefined ? OUR_EVENTS : eventsOf(included, table);
  const without = excluded === undefined ? [] : eventsOf(excluded, table);
  const left = base.filter((one) => !without.includes(one));
  if (left.length === 0) return 'never';
  return entry('event', left.length === 1 ? text(left[0] ?? '') : list(left.map((one) => text(one))), event);
}

/** A pattern takes no variable. */
function pattern(written: string, at: Foreign): string {
  if (/\$\{[A-Za-z_]/.test(written))
    at.changes('a variable in it stands for itself, and no name is like that', 'Write the name out.');
  return written;
}

function filterEntry(filter: Foreign | undefined, name: string): OutEntry | null {
  if (filter === undefined) return null;
  if (filter.kind !== 'map') return entry(name, copy(filter, pattern), filter);
  const [include, exclude, message, empty] = ['include', 'exclude', 'ignore_message', 'on_empty'].map((key) =>
    filter.get(key),
  );
  message?.leaveOut('no message of a commit makes a condition hold', 'Write the condition without it.');
  if (empty !== undefined) {
    if (empty.peek() === 'true') empty.needs('an event without changed files matches');
    else empty.leaveOut('an event without changed files matches', 'Name `event` in the condition.');
  }
  const both = [include, exclude].flatMap((one) =>
    one === undefined ? [] : [entry(one.key, copy(one, pattern), one)],
  );
  return both.length === 0 ? null : entry(name, map(both, filter), filter);
}

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
function evaluateOf(condition: Foreign, more: readonly string[]): readonly string[] | null {
  const own = expressionOf(condition.get('evaluate'));
  const said = [
    equals(condition.get('repo'), 'CI_REPO'),
    equals(condition.get('instance'), 'CI_SYSTEM_HOST'),
    ...matrixParts(condition.get('matrix')),
  ];
  const platform = condition.get('platform');
  if (platform !== undefined)
    platform.leaveOut('a step does not choose a platform', 'Write `labels` for the workflow.');
  const asked = ['environment', 'target', 'action'].flatMap((name) => condition.get(name) ?? []);
  for (const one of asked)
    one.leaveOut('no event of the Git host asks for a deployment', 'Write `deploy`, with a `when`.');
  if (asked.some(isOfDeployment)) return null;
  if (said.includes('unsaid')) return null;
  const parts = [...said.filter((one) => one !== null), ...more];
  if (own === null) return parts;
  return parts.length === 0 ? [own] : [`(${own})`, ...parts];
}

/** Whether it holds for no event of ours: those have no target, and of actions those that a build is made for. */
function isOfDeployment(asked: Foreign): boolean {
  const names = asked.kind === 'map' ? asked.get('include') : asked;
  if (names === undefined) return false;
  const isAction = asked.key === 'action';
  return !(
    isAction && names.oneOrMore().some((one) => /^(?:opened|synchronized?|reopened)$/.test(one.peek()))
  );
}

/** As it is there, where text never equals a number; that is an error in a file of ours, so what it comes to is written. */
function expressionOf(evaluate: Foreign | undefined): string | null {
  const written = withNames(evaluate?.text() ?? null);
  if (evaluate === undefined || written === null) return null;
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

function matrixParts(matrix: Foreign | undefined): readonly (string | null)[] {
  return (
    matrix?.entries().map((one) => {
      if (isVariable(one.key)) return equals(one, one.key);
      one.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
      return null;
    }) ?? []
  );
}
