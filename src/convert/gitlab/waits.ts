import type { ReadJob } from './read-job.ts';

/**
 * Names of the jobs that a job waits for: those that it needs, or else all of the stages before its own, but for those that
 * they wait for themselves.
 * @param jobs Those that become steps.
 */
export function waitsOf(
  jobs: readonly ReadJob[],
  orderOf: (read: ReadJob) => number,
): (read: ReadJob) => readonly string[] {
  const byName = namedBy(jobs);
  const orders = new Map(jobs.map((read) => [read, orderOf(read)]));
  const order = (read: ReadJob): number => orders.get(read) ?? -1;
  /** What waits for whole stages, by the place of its own. */
  const ofStage = new Map<number, readonly string[]>();
  const waits = (read: ReadJob): readonly string[] =>
    read.needs === null
      ? (ofStage.get(order(read)) ?? [])
      : read.needs.map(({ name }) => name).filter((name) => byName.has(name));
  for (const at of [...new Set(jobs.map(order))].sort((a, b) => a - b)) ofStage.set(at, before(at));
  return waits;

  function before(at: number): readonly string[] {
    const earlier = jobs
      .filter((one) => order(one) < at && order(one) >= 0)
      .sort((a, b) => order(b) - order(a));
    const nearest = earlier.filter((one) => order(one) === order(earlier[0] ?? one));
    if (nearest.every(({ needs }) => needs === null)) return nearest.map(({ job }) => job.name);
    const reached = new Set<string>();
    return earlier.flatMap(({ job: { name } }) => {
      if (reached.has(name)) return [];
      reach(name, reached);
      return [name];
    });
  }

  function reach(name: string, reached: Set<string>): void {
    for (const one of reachedFrom([name], byName, waits, reached)) reached.add(one);
  }
}

type Waits = (read: ReadJob) => readonly string[];

/** Jobs by their names, and those of a matrix by the names of their cases, too (GitLab, `needs:parallel:matrix`). */
export function namedBy(jobs: readonly ReadJob[]): ReadonlyMap<string, ReadJob> {
  return new Map([
    ...jobs.flatMap((read) => read.copies.map(({ suffix }) => [read.job.name + suffix, read] as const)),
    ...jobs.map((read) => [read.job.name, read] as const),
  ]);
}

/** Jobs by these names, and all that they wait for, but for those that are known. */
function reachedFrom(
  names: readonly string[],
  byName: ReadonlyMap<string, ReadJob>,
  waits: Waits,
  known: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const open = new Set(names);
  for (const one of open) {
    const read = byName.get(one);
    for (const next of read === undefined ? [] : waits(read)) if (!known.has(next)) open.add(next);
  }
  return open;
}

/** Of more jobs it is said without a look at each. */
const MOST_JOBS = 300;

/**
 * Says of the first job with `needs` that it goes on there after a failure of another, or the other after its: one of another
 * stage, where neither waits for the other.
 */
export function noteIndependent(
  jobs: readonly ReadJob[],
  order: (read: ReadJob) => number,
  waits: Waits,
): void {
  const byName = namedBy(jobs);
  const before = new Map<ReadJob, ReadonlySet<string>>();
  const waitsFor = (read: ReadJob, other: ReadJob): boolean => {
    const found = before.get(read) ?? reachedFrom(waits(read), byName, waits);
    before.set(read, found);
    return [...found].some((name) => byName.get(name) === other);
  };
  const isApart = (read: ReadJob, other: ReadJob): boolean =>
    jobs.length > MOST_JOBS ||
    (order(other) !== order(read) && !waitsFor(read, other) && !waitsFor(other, read));
  jobs
    .find((read) => read.needs !== null && jobs.some((other) => isApart(read, other)))
    ?.needsFrom?.changes(
      'once a job has failed, none begins here that does not ask for failures; there, one that does not need it does',
      'Put what is to run all the same into a workflow of its own.',
    );
}
