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
  const byName = new Map(jobs.map((read) => [read.job.name, read]));
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
    const open = new Set([name]);
    for (const one of open) {
      reached.add(one);
      const read = byName.get(one);
      for (const next of read === undefined ? [] : waits(read)) if (!reached.has(next)) open.add(next);
    }
  }
}
