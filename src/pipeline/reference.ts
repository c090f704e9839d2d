import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import { USUAL_TEST_FILES } from '../core/split.ts';
import { STEP_VARIABLES } from '../core/step-variables.ts';
import { CI_VARIABLES } from './ci-variables.ts';
import { cacheKeyRecord, cacheRecord } from './grammar/cache.ts';
import { concurrencyRecord } from './grammar/concurrency.ts';
import { crons } from './grammar/cron.ts';
import { deployRecord, drainRecord, healthRecord, resourcesRecord, smokeRecord } from './grammar/deploy.ts';
import { dependencyRecord } from './grammar/depends-on.ts';
import { imageRecord } from './grammar/image.ts';
import { includeRecord, includedRecord } from './grammar/include.ts';
import { inputRecord } from './grammar/inputs.ts';
import { pipelineRecord } from './grammar/pipeline.ts';
import { pushRecord } from './grammar/push.ts';
import { retryRecord } from './grammar/retry.ts';
import { readyRecord, services } from './grammar/services.ts';
import { splitRecord } from './grammar/split.ts';
import { artifactsRecord, reportsRecord, steps } from './grammar/steps.ts';
import { takeRecord } from './grammar/takes.ts';
import { filterRecord, stageCondition, stepCondition, workflowCondition } from './grammar/when.ts';
import { LINT_CATALOGUE } from './lint-catalogue.ts';
import type { LintEntry } from './lint-catalogue.ts';
import type { RecordShape } from './shape/record.ts';
import { UNSET_VARIABLES } from './variables/unset.ts';

/** The parts of `docs/pipeline.md` and `docs/errors.md` that are made from the code, by the name of their place. */
export function referenceParts(): ReadonlyMap<string, string> {
  const parts = Object.entries(RECORDS).flatMap(([name, shape]) => [
    [`keys of ${name}`, keysTable(shape)] as const,
    [`later keys of ${name}`, laterList(shape)] as const,
  ]);
  return new Map([
    ...parts,
    ['variables', variablesTable()],
    ['variables not set', unsetTable()],
    ['limits', limitsTable()],
    ['usual test files', USUAL_TEST_FILES.map((pattern) => `\`${pattern}\``).join(', ')],
    ['lint', lintTable()],
  ]);
}

const RECORDS: Readonly<Record<string, RecordShape<unknown>>> = {
  file: pipelineRecord,
  include: includeRecord,
  'included files': includedRecord,
  image: imageRecord,
  inputs: inputRecord,
  cron: crons.record,
  concurrency: concurrencyRecord,
  services: services.record,
  ready: readyRecord,
  steps: steps.record,
  dependencies: dependencyRecord,
  retry: retryRecord,
  split: splitRecord,
  artifacts: artifactsRecord,
  'taken artifacts': takeRecord,
  cache: cacheRecord,
  'cache key': cacheKeyRecord,
  reports: reportsRecord,
  'step conditions': stepCondition,
  'stage conditions': stageCondition,
  'workflow conditions': workflowCondition,
  filter: filterRecord,
  push: pushRecord,
  deploy: deployRecord,
  resources: resourcesRecord,
  health: healthRecord,
  smoke: smokeRecord,
  drain: drainRecord,
};

function keysTable({ keys }: RecordShape<unknown>): string {
  return table(
    ['key', 'value', 'default', 'meaning'],
    Object.entries(keys).map(([name, { shape, about, required, standard }]) => [
      `\`${name}\``,
      shape.phrase,
      required ? '**required**' : (standard ?? 'none'),
      about,
    ]),
  );
}

function laterList({ notYet }: RecordShape<unknown>): string {
  return Object.keys(notYet)
    .map((name) => `\`${name}\``)
    .join(', ');
}

function variablesTable(): string {
  return table(
    ['variable', 'holds', 'values'],
    [
      ...Object.entries(CI_VARIABLES).map(([name, { about, isForValues }]) => [
        `\`${name}\``,
        about,
        isForValues ? 'yes' : 'no',
      ]),
      ...Object.entries(STEP_VARIABLES).map(([name, { about }]) => [`\`${name}\``, about, 'no']),
    ],
  );
}

function unsetTable(): string {
  return table(
    ['variable', 'why it is not set'],
    Object.entries(UNSET_VARIABLES).map(([name, reason]) => [`\`${name}\``, reason]),
  );
}

function limitsTable(): string {
  const { bytes, tokens, depth, aliasedNodes, steps: most } = PIPELINE_LIMITS;
  const {
    files,
    includes,
    includeDepth,
    workflows,
    plannedSteps,
    copiedCharacters,
    substitutedCharacters,
    volumes,
  } = PIPELINE_LIMITS;
  return table(
    ['what', 'most'],
    [
      ['bytes of the file', number(bytes)],
      ['lexical tokens of YAML in all files of a build', number(tokens)],
      ['levels of nesting', number(depth)],
      ['nodes that aliases stand for in all of them', number(aliasedNodes)],
      ['steps; services', number(most)],
      ['names of volumes in a workflow', number(volumes)],
      ['files of `.slipway/`', number(files)],
      ['files that those include; how deep', `${number(includes)}; ${number(includeDepth)}`],
      ['workflows of a build', number(workflows)],
      ['steps and services of all workflows', number(plannedSteps)],
      ['characters that variables stand for', number(substitutedCharacters)],
      ['characters of inputs and matrix values in all steps, each share counted', number(copiedCharacters)],
    ],
  );
}

function lintTable(): string {
  return table(
    ['code', 'kind', 'message', 'what to do'],
    Object.entries<LintEntry>(LINT_CATALOGUE).map(([code, { severity, message, fix }]) => [
      `\`${code}\``,
      severity,
      message,
      fix,
    ]),
  );
}

const number = (value: number): string => value.toLocaleString('en-US');

/** A table of Markdown. A `|` in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
