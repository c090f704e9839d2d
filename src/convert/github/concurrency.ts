import type { Foreign } from '../foreign.ts';
import { entry, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import type { Start } from './start.ts';
import { stepExpressions } from './expressions.ts';

/** What a job may say of how many run at a time. */
interface Concurrencies {
  /** Of the whole file, whose jobs run beside each other. */
  readonly ofFile: Foreign | undefined;
  readonly ofJob: Foreign | undefined;
  /** `max-parallel` of its matrix. */
  readonly maxParallel: Foreign | undefined;
  /** Whether the file has no other job. */
  readonly isAlone: boolean;
}

/** The group that a job is counted in: its own, else that of the file, else that of the cases of its matrix. */
export function concurrencyEntry(
  { ofFile, ofJob, maxParallel, isAlone }: Concurrencies,
  job: string,
  matrix: readonly string[],
  workflow: string,
  start: Start,
): OutEntry | null {
  const own = ofJob === undefined ? null : groupOf(ofJob, workflow, start);
  const shared = ofFile === undefined ? null : groupOf(ofFile, workflow, start);
  if (own !== null) {
    if (shared !== null)
      ofJob?.changes('the job is counted in its own group, and not in that of the file', ONE);
    maxParallel?.leaveOut('a workflow is counted in one group', ONE);
    return groupEntry(own, '1', ofJob);
  }
  if (shared !== null) {
    maxParallel?.leaveOut('a workflow is counted in one group', ONE);
    const parts = [...(isAlone ? [] : [job]), ...matrix.map((name) => `\${${name}}`)];
    if (parts.length > 0)
      ofFile?.changes(
        'each job, and each case of a matrix, waits for the same of earlier builds by itself',
        'Nothing, where that is enough; otherwise put the jobs into one workflow.',
      );
    return groupEntry([shared, ...parts].join(' '), '1', ofFile);
  }
  const limit = maxParallel?.text() ?? '';
  if (maxParallel === undefined) return null;
  if (/^[1-9]\d{0,2}$/.test(limit))
    return groupEntry(`${job} of #\${CI_PIPELINE_NUMBER}`, limit, maxParallel);
  maxParallel.leaveOut('it is no number', 'Write `concurrency`.');
  return null;
}

const ONE = 'Write one `concurrency` that all of them name.';

function groupEntry(group: string, limit: string, from: Foreign | undefined): OutEntry {
  const at = from ?? null;
  return entry(
    'concurrency',
    map([entry('limit', text(limit, at)), entry('group', text(group.slice(0, 256), at))], at),
    at,
  );
}

/** The name of a group; null, and noted, for one that a build cannot know when it is planned. */
function groupOf(concurrency: Foreign, workflow: string, start: Start): string | null {
  const isMap = concurrency.kind === 'map';
  const group = isMap ? concurrency.get('group') : concurrency;
  const cancel = isMap ? concurrency.get('cancel-in-progress') : undefined;
  const queue = isMap ? concurrency.get('queue') : undefined;
  const cancels = cancel !== undefined && cancel.text() !== 'false';
  const isQueue = queue?.text() === 'max';
  queue?.needs('all of a group wait for their turn');
  const written = (group?.text() ?? '').replace(/\bgithub\.workflow\b(?!_)/g, `'${workflow}'`);
  // It tells builds apart, whatever the values are.
  const apart = { ...start, events: [] };
  const value = group === undefined ? null : stepExpressions(new Map(), apart).value(written, group);
  if (group === undefined || value?.kind !== 'text' || value.value.trim() === '') {
    concurrency.leaveOut(
      'its group has no name when a build is planned',
      'Write `concurrency` with a `group`.',
    );
    return null;
  }
  if (cancels || !isQueue)
    (cancel ?? group).changes(
      cancels
        ? 'nothing is cancelled: a later build waits until the earlier is over'
        : 'none that waits is dropped for a later one',
      'Remove `concurrency` where builds may run beside each other.',
    );
  return value.value.trim();
}
