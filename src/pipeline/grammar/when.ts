import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { optional, record } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { defined, located, mapped } from '../shape/shape.ts';
import type { Shape } from '../shape/shape.ts';
import type { Located } from '../report.ts';
import { evaluate } from './evaluate.ts';
import type { EvaluateSpec } from './evaluate.ts';
import { variableName } from '../format/names.ts';
import { globPattern, matrixValue } from '../format/text.ts';

/** Matches when any of `include` does (or it is empty) and none of `exclude`. */
export interface Filter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const EVENT_NAMES = ['push', 'pull_request', 'tag', 'manual', 'cron'] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** One condition: it holds when all its parts do. */
export interface Condition {
  readonly event: readonly EventName[] | null;
  readonly branch: Filter | null;
  readonly tag: Located<Filter> | null;
  readonly ref: Located<Filter> | null;
  readonly path: Filter | null;
  /** Names of schedules. */
  readonly cron: Located<Filter> | null;
  /** Values that the combination of the matrix has. */
  readonly matrix: readonly { readonly name: string; readonly value: Located<string> }[] | null;
  readonly status: readonly ('success' | 'failure')[] | null;
  readonly evaluate: EvaluateSpec | null;
}

const patterns = oneOrMore(scalar(globPattern), 'a pattern, or a list of patterns');

export const filterRecord = record(
  'a filter',
  {
    include: optional(patterns, 'Patterns of which one must match.', 'all'),
    exclude: optional(patterns, 'Patterns of which none may match.', 'none'),
  },
  { ignore_message: 'Write the condition without it.', on_empty: 'An event without changed files matches.' },
);

const filter: Shape<Filter> = defined(
  'filter',
  choice(
    {
      text: mapped(patterns, (include): Filter => ({ include, exclude: [] })),
      list: mapped(patterns, (include): Filter => ({ include, exclude: [] })),
      map: mapped(filterRecord, ({ include, exclude }): Filter => ({
        include: include ?? [],
        exclude: exclude ?? [],
      })),
    },
    'a pattern, a list of patterns, or a map with `include` and `exclude`',
  ),
);

const LATER_EVENTS = ['pull_request_closed', 'pull_request_metadata', 'release', 'deployment'];
const LATER = 'Use `branch`, `event`, `tag`, `ref`, `path`, `cron` or `evaluate`.';
const LATER_KEYS = {
  repo: LATER,
  platform: LATER,
  instance: LATER,
  environment: LATER,
};

const KEYS = {
  event: optional(
    oneOrMore(word(EVENT_NAMES, LATER_EVENTS), 'an event, or a list of events'),
    'What happened.',
    'any event',
  ),
  branch: optional(
    filter,
    'Branch of the push; the target branch of a pull request. Not looked at for tags.',
    'any branch',
  ),
  tag: optional(located(filter), 'Name of the tag; then only tags match.', 'not looked at'),
  ref: optional(located(filter), 'Git ref, e.g. `refs/tags/v*`.', 'any ref'),
  path: optional(filter, 'Changed files of a push or pull request; other events match.', 'any path'),
  cron: optional(
    located(filter),
    'Name of a schedule; then only builds by the clock match.',
    'not looked at',
  ),
  evaluate: optional(evaluate, 'An expression over the variables that must be true.', 'not looked at'),
};

const matrixValues = mapped(
  dictionary(variableName, located(scalar(matrixValue)), 'a map from variable of the matrix to value'),
  (entries) => entries.map(({ name, value }) => ({ name: name.value, value })),
);
const MATRIX = {
  matrix: optional(matrixValues, 'Values that the combination of the matrix has.', 'any combination'),
};

/** For steps. */
export const stepCondition = record(
  'a condition',
  {
    ...KEYS,
    ...MATRIX,
    status: optional(
      oneOrMore(word(['success', 'failure']), '`success`, `failure`, or a list of both'),
      'Which outcome of the steps of its workflow so far lets it run.',
      '`success`',
    ),
  },
  LATER_KEYS,
);

/** For `push` and `deploy`, which only ever follow success. */
export const stageCondition = record(
  'a condition of a stage',
  { ...KEYS, ...MATRIX },
  {
    ...LATER_KEYS,
    status: 'Nothing is pushed or deployed after a failure.',
  },
);

/** For the whole file. */
export const workflowCondition = record('a condition of the file', KEYS, {
  ...LATER_KEYS,
  matrix: 'Write it in the `when` of a step, or `exclude` in `matrix`.',
  status: 'Write `runs_on`.',
});

const phrase = 'a condition, or a list of conditions';

/** Conditions of which one must hold. */
export const stepWhen: Shape<readonly Condition[]> = oneOrList(defined('condition', stepCondition));
export const stageWhen: Shape<readonly Condition[]> = oneOrList(
  defined(
    'stage_condition',
    mapped(stageCondition, (condition): Condition => ({ ...condition, status: null })),
  ),
);

export const workflowWhen: Shape<readonly Condition[]> = oneOrList(
  defined(
    'workflow_condition',
    mapped(workflowCondition, (condition): Condition => ({ ...condition, matrix: null, status: null })),
  ),
);

function oneOrList(condition: Shape<Condition>): Shape<readonly Condition[]> {
  return choice(
    { list: list(condition, phrase), map: mapped(condition, (one): readonly Condition[] => [one]) },
    phrase,
  );
}
