import type { Foreign } from '../foreign.ts';
import { text } from '../out.ts';
import type { OutText } from '../out.ts';
import type { Call } from './called-workflow.ts';
import type { Upload } from './download-artifact.ts';
import type { JobBefore } from './read-jobs.ts';

/** What a job waits for. */
export interface Needs {
  /** Names of workflows. */
  readonly names: readonly OutText[];
  /** Names of those before them whose failure or absence keeps from running what needs them, but not them. */
  readonly through: readonly OutText[];
  readonly uploads: readonly Upload[];
  /** Whether it waits for none of the jobs of its own file. */
  readonly isFirst: boolean;
}

/** The workflows that became of what a job needs; of the first jobs of a file that is called, of what its caller does. */
export function neededBy(job: Foreign, before: ReadonlyMap<string, JobBefore>, call: Call | null): Needs {
  const found = needsOf(job).flatMap((one) => {
    const name = one.text() ?? '';
    const known = before.get(name);
    if (known === undefined) one.leaveOut(`\`${name}\` is no job that runs here`, 'Remove it.');
    return known === undefined ? [] : [{ known, one }];
  });
  if (found.length === 0 && call !== null) return { ...call.needs, isFirst: true };
  return {
    names: found.flatMap(({ known, one }) => known.names.map((name) => text(name, one))),
    through: found.flatMap(({ known, one }) => known.through.map((name) => text(name, one))),
    uploads: [...new Set(found.flatMap(({ known }) => known.uploads))],
    isFirst: found.length === 0,
  };
}

/** Jobs after those that they need, else in the order of the file; those that wait for each other are last. */
export function inOrder(jobs: readonly Foreign[]): readonly Foreign[] {
  const keys = new Set(jobs.map(({ key }) => key));
  const placed = new Set<string>();
  const order: Foreign[] = [];
  let left = jobs.map((job) => ({
    job,
    needs: needsOf(job).flatMap((one) => (keys.has(one.peek()) ? [one.peek()] : [])),
  }));
  while (left.length > 0) {
    const waiting: typeof left = [];
    for (const one of left) {
      if (!one.needs.every((name) => placed.has(name))) {
        waiting.push(one);
        continue;
      }
      placed.add(one.job.key);
      order.push(one.job);
    }
    if (waiting.length === left.length) return [...order, ...left.map(({ job }) => job)];
    left = waiting;
  }
  return order;
}

function needsOf(job: Foreign): readonly Foreign[] {
  return job.get('needs')?.oneOrMore() ?? [];
}
