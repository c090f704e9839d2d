import type { Foreign } from '../foreign.ts';
import { workflowNameOf } from '../names.ts';
import type { ForeignDocument, ForeignFile } from '../open-file.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry, OutMap, OutText } from '../out.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { readImage } from './build-image.ts';
import { enterWorkflow, withCaller, type Call } from './called-workflow.ts';
import { concurrencyEntry } from './concurrency.ts';
import { conditionOf, startUnder } from './condition.ts';
import type { Start } from './start.ts';
import type { Upload } from './download-artifact.ts';
import type { LocalActions } from './local-action.ts';
import { matrixEntry, noteLacking, variablesOf } from './matrix.ts';
import { inOrder, neededBy, type Needs } from './needs.ts';
import type { Condition } from './read-condition.ts';
import type { Run } from './run.ts';
import { servicesEntry } from './services.ts';
import { readSteps, type Passing } from './steps.ts';

/** What the jobs of a file stand in: the file by itself, or called by a job. */
export interface JobsAround {
  readonly root: Foreign;
  readonly file: ForeignFile;
  readonly document: ForeignDocument;
  readonly files: readonly ForeignFile[];
  readonly run: Run;
  readonly local: LocalActions;
  /** `on` of the file that is run. */
  readonly on: Foreign | undefined;
  readonly triggers: readonly Out[];
  readonly start: Start;
  /** `inputs`, of the file that is run. */
  readonly inputs: OutEntry | null;
  /** What the file that is run is called there. */
  readonly title: string;
  /** `cron`, which one of the workflows says for all. */
  readonly takeSchedule: () => OutEntry | null;
  /** Of the file that calls this one. */
  readonly concurrency: Foreign | undefined;
  /** Whether nothing runs beside the file. */
  readonly isAlone: boolean;
  /** Null: nobody calls it. */
  readonly call: Call | null;
}

/** What the jobs after one may have of it. */
export interface JobBefore {
  /** The workflows that it became. */
  readonly names: readonly string[];
  /** Workflows before it whose failure or absence keeps from running what needs it, though not the job itself. */
  readonly through: readonly string[];
  /** Its own uploads, and those of the jobs that it needs. */
  readonly uploads: readonly Upload[];
}

interface JobsRead {
  readonly workflows: readonly ReadWorkflow[];
  /** By the keys of the jobs. */
  readonly before: ReadonlyMap<string, JobBefore>;
}

/** The jobs of a file as workflows, those of files that they call in their places. */
export function readJobs(around: JobsAround): JobsRead {
  const { root, file, document } = around;
  for (const key of ['name', 'run-name']) root.get(key)?.needs('a build is named by its commit');
  root.get('permissions')?.needs('a step gets no token of the Git host');
  const jobs = root.get('jobs')?.entries() ?? [];
  const own = root.get('concurrency');
  if (own !== undefined && around.concurrency !== undefined)
    own.changes(
      'its jobs are counted in this group, and not in that of the file that calls it',
      'Write one `concurrency` that all of them name.',
    );
  const defaults = root.get('defaults');
  const shared = {
    ...{ ...around, env: root.get('env'), defaults, concurrency: own ?? around.concurrency },
    isAlone: around.isAlone && jobs.length === 1,
  };
  const before = new Map<string, JobBefore>();
  /** Each job’s own comments: those above it follow the job before. */
  const endOf = (job: Foreign) => job.valueSpan.offset + job.valueSpan.length;
  const rangeOf = (job: Foreign) => {
    const index = jobs.indexOf(job);
    const previous = jobs[index - 1];
    return {
      start: previous === undefined ? document.start : endOf(previous),
      end: index === jobs.length - 1 ? document.end : endOf(job),
    };
  };
  let hasSteps = false;
  const workflows = inOrder(jobs).flatMap((job) => {
    const needs = neededBy(job, before, around.call);
    if (job.kind === 'map' && job.get('uses') !== undefined) {
      const read = readCall(job, needs, shared);
      if (read === null || read.workflows.length === 0) return [];
      const uploads = [...needs.uploads, ...[...read.before.values()].flatMap((one) => one.uploads)];
      before.set(job.key, {
        names: read.workflows.map(({ name }) => name),
        through: [],
        uploads: [...new Set(uploads)],
      });
      return read.workflows;
    }
    const read = readJob(job, needs, shared);
    if (read === null) return [];
    hasSteps ||= read.hasSteps;
    before.set(job.key, { names: [read.name], through: read.through, uploads: read.uploads });
    const place = { name: read.name, file, document: { root, ...rangeOf(job) } };
    return [{ ...place, scope: around.call?.prefix ?? '', out: read.out }];
  });
  if (hasSteps) root.get('env')?.use();
  else root.get('env')?.needs('no step of the file runs anything');
  if (own?.isUnread === true) own.needs('no job of the file runs here');
  useDefaults(defaults);
  return { workflows, before };
}
function useDefaults(defaults: Foreign | undefined): void {
  const run = defaults?.get('run');
  run?.get('shell')?.use();
  run?.get('working-directory')?.use();
}

/** The jobs of a file that a job calls; none, and noted, where they cannot stand in its place. */
function readCall(job: Foreign, needs: Needs, around: JobsAround): JobsRead | null {
  const called = enterWorkflow(job, needs, around);
  if (called === null) return null;
  const read = readJobs(called.around);
  called.leave();
  return read;
}

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  environment: [
    'nobody is asked before the job, where its settings ask there, and it is on no page of environments',
    'Write `deploy`, or `event: manual` in the `when`.',
  ],
  outputs: [
    'a workflow hands nothing to another',
    'Put both into one workflow, whose steps share the workspace.',
  ],
  snapshot: ['workers run no machines', 'Remove it.'],
};

/** What all jobs of a file have. */
interface Shared extends JobsAround {
  readonly env: Foreign | undefined;
  readonly defaults: Foreign | undefined;
}

interface JobRead {
  readonly name: string;
  readonly out: OutMap;
  readonly hasSteps: boolean;
  readonly through: readonly string[];
  readonly uploads: readonly Upload[];
}

function readJob(job: Foreign, needs: Needs, shared: Shared): JobRead | null {
  const { env, defaults, call, on } = shared;
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) job.get(key)?.leaveOut(why, fix);
  job.get('name')?.needs('a workflow is named by its key');
  job.get('permissions')?.needs('a step gets no token of the Git host');
  const own = conditionOf(job.get('if'), shared.start);
  if (own === 'never') {
    job.leaveOut(
      'its `if` cannot be said by `evaluate`, or cannot hold here, and the job is left out',
      'Write a `when`.',
    );
    job.use();
    return null;
  }
  const condition = withCaller(call?.condition ?? null, own, needs.isFirst, job);
  const start = startUnder(shared.start, condition);
  const isOnSuccess = condition === null || condition.status === 'success';
  const awaited = onceEach([...needs.names, ...(isOnSuccess ? needs.through : [])]);
  const ownEnv = [env, job.get('env')];
  const passing: Passing = { uploads: needs.uploads, kept: [], taken: [] };
  const built = readImage({
    job,
    env: ownEnv,
    start,
    triggers: shared.triggers,
    repository: shared.run.repository,
  });
  const done = built?.steps ?? new Set();
  const steps = readSteps(job, ownEnv, defaults, start, passing, shared.local, done);
  const strategy = job.get('strategy');
  const matrix = matrixEntry(strategy);
  if (steps.length === 0 && built === null) {
    job.leaveOut('none of its steps runs commands, and it is left out', 'Write its steps as `commands`.');
    return null;
  }
  for (const key of ['env', 'defaults', 'container'])
    if (steps.length === 0) job.get(key)?.needs('no step of the job runs anything');
  for (const step of steps) noteLacking(step, new Set(variablesOf(matrix)));
  const name = shared.run.unique(workflowNameOf(call === null ? job.key : `${call.prefix}-${job.key}`));
  const services = job.get('services');
  const kept = passing.kept.map((one) => ({ ...one, job: name, isOfMatrix: matrix !== null }));
  const maxParallel = strategy?.kind === 'map' ? strategy.get('max-parallel') : undefined;
  const group = concurrencyEntry(
    {
      ...{ ofFile: shared.concurrency, ofJob: job.get('concurrency'), maxParallel },
      isAlone: shared.isAlone,
    },
    ...([name, variablesOf(matrix), shared.title, start] as const),
  );
  const out = map(
    [
      whenEntry(shared.triggers, condition?.evaluate ?? null, on),
      awaited.length === 0 ? null : entry('depends_on', list(awaited), job.get('needs') ?? null),
      runsOnEntry(condition),
      passing.taken.length === 0 ? null : entry('artifacts', list(passing.taken)),
      shared.inputs,
      shared.takeSchedule(),
      labelsEntry(job.get('runs-on')),
      matrix,
      group,
      built?.image ?? NO_IMAGE,
      services === undefined ? null : servicesEntry(services, job.has('container'), ownEnv, start),
      steps.length === 0 ? null : entry('steps', list(steps), job.get('steps') ?? null),
      built?.push,
    ],
    job,
  );
  const through = isOnSuccess ? [] : [...needs.names, ...needs.through].map(({ value }) => value);
  return { name, out, hasSteps: steps.length > 0, through, uploads: [...needs.uploads, ...kept] };
}

function onceEach(names: readonly OutText[]): readonly OutText[] {
  return [...new Map(names.map((one) => [one.value, one])).values()];
}

function runsOnEntry(condition: Condition | null): OutEntry | null {
  if (condition === null || condition.status === 'success') return null;
  const isAlways = condition.status === 'always';
  return entry('runs_on', list(isAlways ? [text('success'), text('failure')] : [text('failure')]));
}

/** Each event of the file, and what the job asks for besides. */
function whenEntry(
  triggers: readonly Out[],
  evaluate: string | null,
  on: Foreign | undefined,
): OutEntry | null {
  const all = triggers.map((one) =>
    evaluate === null || one.kind !== 'map'
      ? one
      : map([...one.entries, entry('evaluate', evaluate)], one.from),
  );
  const [only] = all;
  if (only === undefined) return evaluate === null ? null : entry('when', map([entry('evaluate', evaluate)]));
  return entry('when', all.length === 1 ? only : list(all), on ?? null);
}

function labelsEntry(runsOn: Foreign | undefined): OutEntry | null {
  if (runsOn === undefined) return null;
  const labels = runsOn.kind === 'map' ? (runsOn.get('labels')?.oneOrMore() ?? []) : runsOn.oneOrMore();
  if (runsOn.kind === 'map') runsOn.get('group')?.leaveOut('workers have labels', 'Write `labels`.');
  const entries = labels.flatMap((one) => {
    const label = one.peek();
    if (/^ubuntu-|^self-hosted$|^linux$|^x64$/i.test(label)) {
      one.needs('workers run containers on Linux');
      return [];
    }
    if (/[^\w.-]/.test(label)) {
      one.leaveOut(
        'a label does not depend on a matrix, and any worker takes the workflow',
        'Write one workflow for each.',
      );
      return [];
    }
    one.use();
    return [entry('runs-on', text(label, one), one)];
  });
  return entries.length === 0 ? null : entry('labels', map(entries, runsOn), runsOn);
}
