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
  if (event === 'never') {
    for (const one of condition.entries())
      if (one.key !== 'event') one.needs('its condition cannot hold here and is left out');
    condition.use();
    return null;
  }
  const cron = condition.get('cron');
  if (cron !== undefined && event === null) noteSchedule(cron);
  const branch = condition.get('branch');
  const isDefault = branch !== undefined && isDefaultBranch(branch);
  if (isDefault) branch.oneOrMore().forEach((one) => one.use());
  const filters = ['branch', 'tag', 'ref']
    .filter((name) => name !== 'branch' || !isDefault)
    .map((name) => filterEntry(condition.get(name), name));
  const evaluate = [...evaluateOf(condition), ...(isDefault ? [ON_DEFAULT_BRANCH] : [])];
  return map(
    [
      event,
      ...filters,
      filterEntry(cron, 'cron'),
      filterEntry(condition.get(words.path), 'path'),
      statusEntry(condition.get('status')),
      evaluate.length === 0
        ? null
        : entry('evaluate', evaluate.join(' && '), condition.get('evaluate') ?? (isDefault ? branch : null)),
      ...more,
    ],
    condition,
  );
}

/** `branch` is not looked at for tags. */
const ON_DEFAULT_BRANCH = '(CI_PIPELINE_EVENT == "tag" || CI_COMMIT_BRANCH == CI_REPO_DEFAULT_BRANCH)';

function isDefaultBranch(branch: Foreign): boolean {
  const all = branch.kind === 'map' ? [] : branch.kind === 'list' ? branch.items() : [branch];
  return all.length === 1 && /^\$\{(?:CI|DRONE)_REPO(?:_DEFAULT)?_BRANCH\}$/.test(all[0]?.peek() ?? '');
}

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

function filterEntry(filter: Foreign | undefined, name: string): OutEntry | null {
  if (filter === undefined) return null;
  if (filter.kind !== 'map') return entry(name, copy(filter), filter);
  const [include, exclude, message, empty] = ['include', 'exclude', 'ignore_message', 'on_empty'].map((key) =>
    filter.get(key),
  );
  message?.leaveOut('no message of a commit makes a condition hold', 'Write the condition without it.');
  if (empty !== undefined) {
    if (empty.peek() === 'true') empty.needs('an event without changed files matches');
    else empty.leaveOut('an event without changed files matches', 'Name `event` in the condition.');
  }
  const both = [include, exclude].flatMap((one) =>
    one === undefined ? [] : [entry(one.key, copy(one), one)],
  );
  return both.length === 0 ? null : entry(name, map(both, filter), filter);
}

function statusEntry(status: Foreign | undefined): OutEntry | null {
  if (status === undefined) return null;
  const values = status.kind === 'map' ? (status.get('include') ?? status) : status;
  const known: Out[] = [];
  for (const one of values.oneOrMore()) {
    const name = one.text();
    if (name === 'success' || name === 'failure') known.push(text(name, one));
    else if (name !== null)
      one.leaveOut(`no step runs after \`${name}\``, '`status` is success, failure, or both.');
  }
  return known.length === 0 ? null : entry('status', list(known, status), status);
}

/** What has no filter of its own here and is said by an expression. */
function evaluateOf(condition: Foreign): readonly string[] {
  const own = expressionOf(condition.get('evaluate'));
  const parts = [
    equals(condition.get('repo'), 'CI_REPO'),
    equals(condition.get('instance'), 'CI_SYSTEM_HOST'),
    ...matrixParts(condition.get('matrix')),
  ].filter((one) => one !== null);
  const platform = condition.get('platform');
  if (platform !== undefined)
    platform.leaveOut('a step does not choose a platform', 'Write `labels` for the workflow.');
  for (const name of ['environment', 'target', 'action'])
    condition
      .get(name)
      ?.leaveOut('no event of the Git host asks for a deployment', 'Write `deploy`, with a `when`.');
  if (own === null) return parts;
  return parts.length === 0 ? [own] : [`(${own})`, ...parts];
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

function equals(value: Foreign | undefined, variable: string): string | null {
  if (value === undefined) return null;
  const isExcluded = value.kind === 'map' && !value.has('include');
  const names = value.kind === 'map' ? (value.get('include') ?? value.get('exclude')) : value;
  const items = names?.oneOrMore() ?? [];
  const isPattern = items.some((one) => one.kind !== 'text' || /[*?[{"\\]/.test(one.peek()));
  if (items.length === 0 || isPattern || (value.kind === 'map' && value.entries().length > 1)) {
    value.leaveOut('it is compared as a whole name only', `Write \`evaluate\` with ${variable}.`);
    return null;
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
