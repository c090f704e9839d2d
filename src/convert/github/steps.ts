import type { CacheOut } from '../cache.ts';
import type { Foreign } from '../foreign.ts';
import { uniqueNames } from '../names.ts';
import { entry, map } from '../out.ts';
import type { Out } from '../out.ts';
import { readAction } from './actions.ts';
import { conditionOf, startUnder } from './condition.ts';
import { definedBy } from './defined-by.ts';
import type { KeptUpload, Upload } from './download-artifact.ts';
import type { Start } from './start.ts';
import { stepExpressions } from './expressions.ts';
import { combined, enterAction, noteWhole, type LocalActions } from './local-action.ts';
import { isLocal } from './local-files.ts';
import { readCondition, type Condition } from './read-condition.ts';
import { isAllowed, runStep, uploadStep, type RunAround, type StepImage } from './run-step.ts';

/** What a job has of others, and leaves to them. */
export interface Passing {
  /** Of the jobs that it needs, also through others. */
  readonly uploads: readonly Upload[];
  readonly kept: KeptUpload[];
  /** Entries of `artifacts` of its workflow. */
  readonly taken: Out[];
}

/** What steps stand in: a job, or an action that a step of it uses. */
export interface Around extends Pick<RunAround, 'env' | 'runs' | 'timeout' | 'allowed'> {
  /** What the steps that use the action ask for. */
  readonly condition: Condition | null;
  /** Paths of the actions that it stands in, the outermost first. */
  readonly actions: readonly string[];
}

/** The steps of a job as they are made, one after the other. */
interface Making {
  readonly job: Foreign;
  readonly start: Start;
  readonly passing: Passing;
  readonly local: LocalActions;
  /** All that the job runs. */
  readonly written: string;
  readonly unique: (name: string) => string;
  /** Of actions before the step that is to have them. */
  readonly caches: CacheOut[];
  readonly out: Out[];
  image: StepImage | null;
  /** That of the job's `container`, which an action replaces by another version of it alone. */
  readonly container: StepImage | null;
  /** What each step begins with that may call the tool of its image. */
  prepare: readonly string[];
}

/**
 * The steps of a job that run commands, each in the image that the actions before it asked for.
 * @param done Steps that were read before.
 */
export function readSteps(
  job: Foreign,
  env: readonly (Foreign | undefined)[],
  defaults: Foreign | undefined,
  start: Start,
  passing: Passing,
  local: LocalActions,
  done: ReadonlySet<Foreign>,
): readonly Out[] {
  const container = job.get('container');
  const written = container?.kind === 'map' ? container.get('image') : container;
  // An empty one is none: the job runs on the runner.
  const own = written?.text() === '' ? undefined : written;
  for (const key of ['ports', 'volumes', 'options', 'credentials'])
    if (container?.kind === 'map')
      container.get(key)?.leaveOut('a step runs as its image says', 'Remove it.');
  const containerEnv = container?.kind === 'map' ? container.get('env') : undefined;
  const steps = (job.get('steps')?.items() ?? []).filter((step) => !done.has(step));
  const image =
    own === undefined
      ? null
      : { value: stepExpressions(new Map(), start).word(own.text() ?? '', own), from: own };
  const making: Making = {
    ...{ job, start, passing, local, unique: uniqueNames(), caches: [], out: [], prepare: [] },
    ...{ image, container: image },
    written: [...new Set(steps.map((one) => writtenOf(one, local)))].join('\n'),
  };
  readList(
    steps,
    {
      env: [...env, containerEnv],
      runs: [job.get('defaults')?.get('run'), defaults?.get('run')],
      timeout: job.get('timeout-minutes'),
      allowed: [job.get('continue-on-error')],
      condition: null,
      actions: [],
    },
    making,
  );
  noteWhole(job, making.out.length, 'job');
  for (const { from } of making.caches)
    from.leaveOut('no step follows that it could belong to', 'Write `cache` on the step that fills it.');
  return making.out;
}

function writtenOf(step: Foreign, local: LocalActions): string {
  if (step.kind !== 'map') return '';
  const uses = step.get('uses')?.peek() ?? '';
  return isLocal(uses) ? local.written(uses) : (step.get('run')?.peek() ?? '');
}

function readList(steps: readonly Foreign[], around: Around, making: Making): void {
  const { start, passing } = making;
  for (const [index, step] of steps.entries()) {
    const env = [...around.env, step.get('env')];
    step.get('name')?.text();
    step.get('id')?.needs('nothing refers to a step by its id');
    for (const key of ['parallel', 'background', 'wait', 'wait-all', 'cancel'])
      if (step.kind === 'map')
        step
          .get(key)
          ?.leaveOut('steps of a job run one after the other', 'Write `depends_on` between steps.');
    const uses = step.get('uses');
    const run = step.get('run');
    if (uses === undefined && run === undefined) {
      if (step.kind === 'map') step.leaveOut('it has neither `run` nor `uses`', 'Remove it.');
      continue;
    }
    const action =
      uses === undefined || isLocal(uses.peek())
        ? null
        : readAction(
            ...([step, uses, step.get('with')] as const),
            ...([stepExpressions(definedBy(env), start), passing.uploads, making.written] as const),
          );
    if (action?.kind === 'image' && mayRun(step, start)) takeImage(action, step, making);
    const hasCache = action !== null && 'cache' in action && action.cache !== null;
    if (hasCache) making.caches.push(action.cache);
    if (action !== null && action.kind !== 'artifacts') {
      if (action.kind === 'takes') passing.taken.push(...takenOf(step, action.entries));
      else if (hasCache)
        step
          .get('if')
          ?.leaveOut('a cache has no condition but that of its step', 'Write two steps, one with `cache`.');
      else if (action.kind !== 'image') step.get('if')?.needs('the action is left out');
      for (const key of ['name', 'env', 'continue-on-error', 'timeout-minutes', 'shell', 'working-directory'])
        step.get(key)?.needs('nothing runs for the action');
      continue;
    }
    const own = conditionOf(step.get('if'), start);
    const said = own === 'never' ? own : combined(around.condition, own, step, index === 0);
    if (said === 'never') leaveOutFor(step);
    else if (action !== null) {
      passing.kept.push(action.upload);
      making.out.push(
        uploadStep(step, action.entry, { said, image: making.image, unique: making.unique, index }),
      );
    } else if (run === undefined) {
      const inner = enterAction(step, { ...around, env, condition: said }, making.local);
      if (inner === null) continue;
      readList(inner.steps, inner.around, making);
      inner.leave();
    } else {
      making.image ??= runnerImage(making.job);
      const started = startUnder(start, said);
      const made = runStep(step, run, stepExpressions(definedBy(env), started), {
        ...{ ...around, start: started, said, env, image: making.image, prepare: making.prepare, index },
        ...{ caches: making.caches, unique: making.unique },
      });
      if (made === null) continue;
      making.caches.length = 0;
      making.out.push(made);
    }
  }
}

/** Whether the `if` of an action may hold. */
function mayRun(step: Foreign, start: Start): boolean {
  const written = step.get('if')?.text() ?? '';
  return written === '' || readCondition(written, start)?.isNever !== true;
}

/** The image that an action asks for, in which the steps after it run. */
function takeImage(
  action: Extract<ReturnType<typeof readAction>, { kind: 'image' }>,
  step: Foreign,
  making: Making,
): void {
  const { image } = making;
  const [uses, condition] = [step.get('uses') ?? step, step.get('if')];
  const isOther = image !== null && repositoryOf(image.value) !== repositoryOf(action.image);
  if (isOther && image === making.container) {
    uses.changes(
      'the job runs in the image of its `container`, which may lack the tool',
      'Write an image that has both.',
    );
    return;
  }
  if (isOther)
    uses.changes(
      `from here on steps run in \`${action.image}\`, and have the tool of \`${image.value}\` no more`,
      'Write an image that has both.',
    );
  const said = condition === undefined ? null : readCondition(condition.text() ?? '', making.start);
  if (
    condition !== undefined &&
    condition.peek() !== '' &&
    (said?.evaluate !== null || said.status === 'failure')
  )
    condition.changes(
      'the steps after it run in its image, whatever this says',
      'Write a `matrix`, or two files.',
    );
  making.image = { value: action.image, from: action.from };
  making.prepare = action.prepare;
}

const repositoryOf = (image: string): string => image.replace(/:[^/]*$/, '');

function runnerImage(job: Foreign): StepImage {
  job
    .get('runs-on')
    ?.changes(
      'a step runs in an image, and `ubuntu:24.04` has few of the runner’s tools',
      'Write `container`, or an image with the tools.',
    );
  return { value: 'ubuntu:24.04', from: null };
}

/** They are there before the first step, whatever that says. */
function takenOf(step: Foreign, entries: readonly Out[]): readonly Out[] {
  const condition = step.get('if');
  const mayFail = isAllowed(step.get('continue-on-error'));
  if (entries.length === 0) condition?.needs('the action is left out');
  else
    condition?.changes(
      'artifacts are taken before the first step, where they are there',
      'Nothing, if that does no harm.',
    );
  condition?.use();
  if (condition === undefined && !mayFail) return entries;
  return entries.map((one) =>
    one.kind === 'map' ? map([...one.entries, entry('optional', 'true')], one.from) : one,
  );
}

function leaveOutFor(step: Foreign): void {
  step.leaveOut(
    'its `if` cannot be said by `evaluate`, or cannot hold here, and the step is left out',
    'Write a `when`.',
  );
  step.use();
}
