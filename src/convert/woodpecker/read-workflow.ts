import { skipEntry } from '../checkout.ts';
import { dependency } from '../dependency.ts';
import type { Foreign } from '../foreign.ts';
import { CI_VARIABLES } from '../../pipeline/ci-variables.ts';
import { uniqueNames, workflowNameOf } from '../names.ts';
import type { ForeignDocument, ForeignFile } from '../open-file.ts';
import { copy, entry, list, map } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { readClone } from './clone.ts';
import { conditionsOf } from './conditions.ts';
import type { ConditionWords } from './conditions.ts';
import { noteCapitals } from './given.ts';
import { matrixOut, matrixValues } from './matrix.ts';
import { namedOf } from './named.ts';
import { noteFiltered } from './note-filtered.ts';
import { orderSteps } from './order.ts';
import { readRunsOn } from './runs-on.ts';
import { detachedService, readService } from './services.ts';
import { dependenciesOf, readStep, stepNameOf } from './step.ts';
import type { ReadStep, StepWords } from './step.ts';
import { WOODPECKER, WOODPECKER_CONDITIONS } from './words.ts';

/** A workflow of Woodpecker, of any version, and of Drone before 1.0; null when it can never run here. */
export function readWoodpecker(
  name: string,
  file: ForeignFile,
  document: ForeignDocument,
): ReadWorkflow | null {
  const { root } = document;
  const matrix = root.get('matrix');
  const words: StepWords = {
    ...WOODPECKER_CONDITIONS,
    dialect: WOODPECKER,
    matrix: matrixValues(matrix),
    environment: [],
    areSettingsLoose: root.has('pipeline'),
    declaredVolumes: null,
  };
  root.get('variables')?.needs('it holds anchors, and each alias is written out');
  root.get('$schema')?.needs('it is for editors');
  root
    .get('workspace')
    ?.leaveOut('the workspace is chosen by Slipway', 'Write `$CI_WORKSPACE` for its path.');
  const conditions = readWhen(root, words);
  if (conditions === 'never') {
    root.use();
    return null;
  }
  const { when, runsOn } = readRunsOn(root, conditions);
  const body = readBody(root.get('steps') ?? root.get('pipeline'), root.get('services'), words, whenOf(when));
  if (leaveOutIdle(root, body)) return null;
  return {
    name,
    file,
    document,
    out: map(
      [
        ...when,
        dependsEntry(root.get('depends_on')),
        runsOn,
        labelsEntry(root.get('labels'), root.get('platform')),
        matrix === undefined ? null : entry('matrix', matrixOut(matrix), matrix),
        concurrencyEntry(root.get('concurrency')),
        skipEntry(root.get('skip_clone')),
        readClone(root, words, isVariableOf(words)),
        NO_IMAGE,
        ...body,
      ],
      root,
    ),
  };
}

/** How many run at a time: a number, or a map. */
export function concurrencyEntry(concurrency: Foreign | undefined): OutEntry | null {
  if (concurrency === undefined) return null;
  if (concurrency.kind !== 'map') return entry('concurrency', copy(concurrency), concurrency);
  const entries = ['limit', 'group'].flatMap((key) => {
    const value = concurrency.get(key);
    return value === undefined ? [] : [entry(key, copy(value), value)];
  });
  return entries.length === 0 ? null : entry('concurrency', map(entries, concurrency), concurrency);
}

/** The `when` of a workflow among what it begins with; null where it has none. */
export function whenOf(entries: readonly (OutEntry | null)[]): Out | null {
  return entries.find((one) => one?.key === 'when')?.value ?? null;
}

/**
 * `services` and `steps` of our file.
 * @param ofFile The `when` of the workflow; null where it has none.
 */
export function readBody(
  steps: Foreign | undefined,
  services: Foreign | undefined,
  words: StepWords,
  ofFile: Out | null,
): readonly (OutEntry | null)[] {
  const unique = uniqueNames();
  const read = namedOf(steps).map(({ name, value }) => readStep(value, unique(stepNameOf(name)), words));
  const beside = namedOf(services).map(({ name, value }) => readService(value, name, words, ofFile));
  const detached = read
    .filter(({ isDetached, when }) => isDetached && when?.kind !== 'never')
    .map((step) => detachedService(step, ofFile));
  const ordered = orderSteps(read, isVariableOf(words));
  const all = [...beside, ...detached].filter((one) => one !== null);
  noteNever(read);
  if (words.dialect.product === 'Woodpecker') noteFiltered(read, ofFile);
  const body = [
    all.length === 0 ? null : entry('services', list(all), services ?? null),
    entry('steps', list(ordered), steps ?? null),
  ];
  noteCapitals(body);
  return body;
}

/** Whether a name is that of a variable that names may have. */
const isVariableOf =
  ({ matrix }: StepWords) =>
  (name: string): boolean =>
    matrix.has(name) || own(CI_VARIABLES, name)?.isForValues === true;

/** Whether none of the steps is left; then the workflow is left out. */
export function leaveOutIdle(root: Foreign, body: readonly (OutEntry | null)[]): boolean {
  const steps = body.find((one) => one?.key === 'steps')?.value;
  if (steps?.kind === 'list' && steps.items.length > 0) return false;
  root.leaveOut('none of its steps runs here, and the workflow is left out', 'Write `steps`.');
  return true;
}

function noteNever(steps: readonly ReadStep[]): void {
  for (const { from, when } of steps)
    if (when?.kind === 'never')
      from.leaveOut(
        'none of its conditions can hold here, and the step is left out',
        'Write a `when` with push, pull_request, tag or manual.',
      );
}

function readWhen(root: Foreign, words: ConditionWords): readonly OutEntry[] | 'never' {
  const when = root.get('when');
  const branches = root.get('branches');
  if (when !== undefined) {
    const conditions = conditionsOf(when, words, true);
    if (conditions === null) return [];
    if (conditions.kind === 'never') {
      root.leaveOut(
        'none of its conditions can hold here, and the workflow is left out',
        'Write a `when` with push, pull_request, tag or manual.',
      );
      return 'never';
    }
    return [entry('when', conditions.value, when)];
  }
  return branches === undefined
    ? []
    : [entry('when', map([entry('branch', copy(branches), branches)]), branches)];
}

function dependsEntry(depends: Foreign | undefined): OutEntry | null {
  if (depends === undefined) return null;
  const items = dependenciesOf(depends).map(({ name, from, isOptional }) =>
    dependency(workflowNameOf(name), isOptional ? true : null, from),
  );
  return items.length === 0 ? null : entry('depends_on', list(items, depends), depends);
}

/** `linux/amd64` is what workers are; another platform is a label that a worker must have. */
export function labelsEntry(labels: Foreign | undefined, platform: Foreign | undefined): OutEntry | null {
  const all = [...(labels?.entries() ?? []), ...(platform === undefined ? [] : [platform])];
  const kept = all.flatMap((one) => {
    const value = one.peek();
    if (one.key === 'platform' && value === 'linux/amd64') {
      one.changes(
        'any worker takes the workflow, as long as no label says otherwise',
        'Give workers labels with their tokens, and write `labels`.',
      );
      one.use();
      return [];
    }
    if (value === '*') {
      one.leaveOut('a label has one value', 'Remove it: a worker may have labels that are not asked for.');
      return [];
    }
    if (value.includes('${')) {
      one.leaveOut(
        'a label does not depend on a matrix, and any worker takes the workflow',
        'Write one workflow for each.',
      );
      return [];
    }
    return [entry(one.key.toLowerCase(), copy(one), one)];
  });
  if (labels?.kind === 'nothing') labels.needs('it is empty');
  return kept.length === 0 ? null : entry('labels', map(kept, labels ?? null), labels ?? platform ?? null);
}
