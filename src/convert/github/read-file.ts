import type { Foreign } from '../foreign.ts';
import { workflowNameOf } from '../names.ts';
import type { ForeignFile } from '../open-file.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { NO_IMAGE } from '../workflow.ts';
import type { ReadWorkflow } from '../workflow.ts';
import { conditionOf } from './condition.ts';
import { concurrencyEntry } from './concurrency.ts';
import { matrixEntry, noteLacking, variablesOf } from './matrix.ts';
import { servicesEntry } from './services.ts';
import type { Upload } from './download-artifact.ts';
import { localActions, type LocalActions } from './local-action.ts';
import { ACTION_FILE, topOf } from './local-files.ts';
import { readSteps, type Passing } from './steps.ts';
import { readDispatchInputs, type DispatchInputs } from './dispatch-inputs.ts';
import { readTriggers, scheduleEntry } from './triggers.ts';

/** Jobs of a workflow of GitHub, each a workflow of ours: its steps share a checkout, and others do not. */
export function readGithub(file: ForeignFile, files: readonly ForeignFile[]): readonly ReadWorkflow[] {
  const [document] = file.documents;
  if (document === undefined) return [];
  const { root } = document;
  // It is read where a step uses it.
  if (ACTION_FILE.test(file.name) && root.has('runs')) return [];
  for (const key of ['name', 'run-name']) root.get(key)?.needs('a build is named by its commit');
  root.get('permissions')?.needs('a step gets no token of the Git host');
  const on = root.get('on') ?? root.get('true');
  const inputs = readDispatchInputs(on);
  const triggers = readTriggers(on);
  if (triggers === null) {
    root.leaveOut(
      'none of its events is there, and the file is left out',
      'Events are push, pull_request, tag, manual and cron.',
    );
    root.use();
    return [];
  }
  const jobs = root.get('jobs')?.entries() ?? [];
  const concurrency = root.get('concurrency');
  const title = (root.get('name')?.peek() ?? '').replace(/['${}]/g, '') || file.name.replace(/^.*\//, '');
  const names = new Set<string>();
  const before = new Map<string, JobBefore>();
  /** Each job’s own comments: those above it follow the job before. */
  const endOf = (job: Foreign) => job.valueSpan.offset + job.valueSpan.length;
  const rangeOf = (index: number) => {
    const [before, job] = [jobs[index - 1], jobs[index]];
    const isLast = index === jobs.length - 1;
    return {
      start: before === undefined ? document.start : endOf(before),
      end: isLast || job === undefined ? document.end : endOf(job),
    };
  };
  const defaults = root.get('defaults');
  const read = jobs.flatMap((job, index) => {
    const schedule = names.size === 0 && on?.kind === 'map' ? scheduleEntry(on.get('schedule')) : null;
    const shared = {
      ...{ env: root.get('env'), defaults, triggers, before, on, inputs, schedule },
      ...{ concurrency, title, isAlone: jobs.length === 1 },
      local: localActions(topOf(file.name), files),
    };
    const out = readJob(job, shared);
    if (out === null) return [];
    names.add(job.key);
    return [{ name: workflowNameOf(job.key), file, document: { root, ...rangeOf(index) }, out }];
  });
  root.get('env')?.use();
  if (concurrency?.isUnread === true) concurrency.needs('no job of the file runs here');
  useDefaults(defaults);
  return read;
}

function useDefaults(defaults: Foreign | undefined): void {
  const run = defaults?.get('run');
  run?.get('shell')?.use();
  run?.get('working-directory')?.use();
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

/** What the jobs after one may have of it. */
interface JobBefore {
  /** Its own uploads, and those of the jobs that it needs. */
  readonly uploads: readonly Upload[];
}

/** What all jobs of a file have. */
interface Shared {
  readonly env: Foreign | undefined;
  readonly defaults: Foreign | undefined;
  readonly triggers: readonly Out[];
  /** Of the jobs before. */
  readonly before: Map<string, JobBefore>;
  readonly on: Foreign | undefined;
  readonly inputs: DispatchInputs;
  /** `cron`, which one of the workflows says for all. */
  readonly schedule: OutEntry | null;
  readonly concurrency: Foreign | undefined;
  /** What the file is called there. */
  readonly title: string;
  /** Whether it has one job. */
  readonly isAlone: boolean;
  readonly local: LocalActions;
}

function readJob(
  job: Foreign,
  { env, defaults, triggers, before, on, inputs, schedule, concurrency, title, isAlone, local }: Shared,
): (Out & { kind: 'map' }) | null {
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) job.get(key)?.leaveOut(why, fix);
  job.get('name')?.needs('a workflow is named by its key');
  job.get('permissions')?.needs('a step gets no token of the Git host');
  const uses = job.get('uses');
  if (uses !== undefined) {
    job.leaveOut('no workflow of another file is called, and the job is left out', 'Write its steps.');
    job.use();
    return null;
  }
  const condition = conditionOf(job.get('if'), inputs.known);
  if (condition === 'never') {
    job.leaveOut(
      'its `if` cannot be said by `evaluate`, or cannot hold here, and the job is left out',
      'Write a `when`.',
    );
    job.use();
    return null;
  }
  const needs = (job.get('needs')?.oneOrMore() ?? []).flatMap((one) => {
    const name = one.text() ?? '';
    if (before.has(name)) return [text(workflowNameOf(name), one)];
    one.leaveOut(`\`${name}\` is no job that runs here`, 'Remove it.');
    return [];
  });
  const ownEnv = [env, job.get('env')];
  const needed = (job.get('needs')?.oneOrMore() ?? []).flatMap(
    (one) => before.get(one.text() ?? '')?.uploads ?? [],
  );
  const passing: Passing = { uploads: [...new Set(needed)], kept: [], taken: [] };
  const steps = readSteps(job, ownEnv, defaults, inputs.known, passing, local);
  const strategy = job.get('strategy');
  const matrix = matrixEntry(strategy);
  if (steps.length === 0) {
    job.leaveOut('none of its steps runs commands, and it is left out', 'Write its steps as `commands`.');
    return null;
  }
  for (const step of steps) noteLacking(step, new Set(variablesOf(matrix)));
  const services = job.get('services');
  const own = passing.kept.map((one) => ({ ...one, job: job.key, isOfMatrix: matrix !== null }));
  before.set(job.key, { uploads: [...passing.uploads, ...own] });
  const maxParallel = strategy?.kind === 'map' ? strategy.get('max-parallel') : undefined;
  const group = concurrencyEntry(
    { ofFile: concurrency, ofJob: job.get('concurrency'), maxParallel, isAlone },
    workflowNameOf(job.key),
    variablesOf(matrix),
    title,
    inputs.known,
  );
  return map(
    [
      whenEntry(triggers, condition?.evaluate ?? null, on),
      needs.length === 0 ? null : entry('depends_on', list(needs), job.get('needs') ?? null),
      condition === null || condition.status === 'success'
        ? null
        : entry(
            'runs_on',
            list(condition.status === 'always' ? [text('success'), text('failure')] : [text('failure')]),
          ),
      passing.taken.length === 0 ? null : entry('artifacts', list(passing.taken)),
      inputs.entry,
      schedule,
      labelsEntry(job.get('runs-on')),
      matrix,
      group,
      NO_IMAGE,
      services === undefined ? null : servicesEntry(services, job.has('container'), ownEnv, inputs.known),
      entry('steps', list(steps), job.get('steps') ?? null),
    ],
    job,
  );
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
