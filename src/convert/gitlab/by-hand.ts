import { entry, list, map } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import type { Foreign } from '../foreign.ts';
import { NO_PULL_REQUEST } from './expression.ts';
import type { ReadJob } from './read-job.ts';

/** That a job waits for a person there; here it runs in builds that a person starts. */
export interface ByHand {
  /** The expression of the builds in which it does; `true` for all. */
  readonly where: string;
  /** Whether later stages wait with it: `allow_failure` is not allowed. */
  readonly isBlocking: boolean;
}

const MANUAL = 'CI_PIPELINE_EVENT == "manual"';

/** The condition of a step that a person starts. */
export const byHandEntry = (from: Foreign | null): OutEntry => entry('event', 'manual', from);

/** @param when That says `manual`. */
export function noteByHand(when: Foreign): void {
  when.changes(
    'it waits for a person, and the step runs in builds made by "run now" alone, with all others that do',
    'Start it by "run now", of whose builds its other conditions have to hold too.',
  );
}

export function noteChanges(changes: Foreign | undefined): void {
  changes?.changes(
    'a build made by "run now" changed no file, and runs the step in any case',
    'Test it in the commands.',
  );
}

/** What a job waits for that waits for a person. */
interface Gate {
  readonly job: string;
  readonly where: string;
}

/**
 * Jobs with the conditions of those that wait for a person before them: a step that is skipped holds nobody up here, and
 * so what comes after it would run without the person. As there, a job waits for what it needs, also through others, or else
 * for those of stages before its own that fail a pipeline.
 * @param all Also those that become no step.
 */
export function afterPeople(
  all: readonly ReadJob[],
  order: (read: ReadJob) => number,
): ReadonlyMap<ReadJob, ReadJob> {
  const byName = new Map(all.map((read) => [read.job.name, read]));
  const known = new Map<ReadJob, readonly Gate[]>();
  return new Map(all.map((read) => [read, gated(read, gatesOf(read))]));

  function gatesOf(read: ReadJob): readonly Gate[] {
    const found = known.get(read);
    if (found !== undefined) return found;
    // Jobs that need each other.
    known.set(read, []);
    const gates = read.needs === null ? ofStages(read) : ofNeeds(read.needs.map(({ name }) => name));
    const distinct = [...new Map(gates.map((one) => [one.where, one])).values()];
    known.set(read, distinct);
    return distinct;
  }

  function ofStages(read: ReadJob): readonly Gate[] {
    return all.flatMap((one) =>
      order(one) >= 0 && order(one) < order(read) ? own(one, ({ isBlocking }) => isBlocking) : [],
    );
  }

  function ofNeeds(names: readonly string[]): readonly Gate[] {
    return names.flatMap((name) => {
      const needed = byName.get(name);
      return needed === undefined ? [] : [...own(needed, () => true), ...gatesOf(needed)];
    });
  }

  function own({ job, when }: ReadJob, counts: (one: ByHand) => boolean): readonly Gate[] {
    return when.byHand.filter(counts).map(({ where }) => ({ job: job.name, where }));
  }
}

function gated(read: ReadJob, gates: readonly Gate[]): ReadJob {
  const [first] = gates;
  if (first === undefined || read.when.isNever || isByHand(read.when.when?.value)) return read;
  read.job.from.changes(
    `it waits for \`${first.job}\`, which a person starts, and runs in builds made by "run now" alone where that does`,
    'Where it need not wait, take that out of its `when`.',
  );
  const wheres = gates.map(({ where }) => where);
  read.job.from.spend(wheres.reduce((sum, one) => sum + one.length, 0));
  const narrowed = narrow(read.when.when?.value ?? map([]), wheres);
  return { ...read, when: { ...read.when, when: entry('when', narrowed, read.when.when?.from ?? null) } };
}

/** Whether each condition is of builds by hand alone. */
function isByHand(when: Out | undefined): boolean {
  if (when?.kind === 'list') return when.items.every((one) => isByHand(one));
  return (
    when?.kind === 'map' &&
    when.entries.some(
      ({ key, value }) => key === 'event' && value.kind === 'text' && value.value === 'manual',
    )
  );
}

/** @param wheres The builds in which it waits for a person. */
function narrow(when: Out, wheres: readonly string[]): Out {
  if (when.kind === 'list')
    return list(
      when.items.map((one) => narrow(one, wheres)),
      when.from,
    );
  if (when.kind !== 'map' || isByHand(when)) return when;
  const event = when.entries.find(({ key }) => key === 'event');
  // The events that are named are those of no pull request.
  if (wheres.includes('true') || (event !== undefined && wheres.includes(NO_PULL_REQUEST)))
    return map([byHandEntry(null), ...when.entries.filter((one) => one !== event)], when.from);
  const said = when.entries.find(({ key }) => key === 'evaluate');
  const expression = `${MANUAL} || !(${wheres.join(' || ')})`;
  const both = said?.value.kind === 'text' ? `(${said.value.value}) && (${expression})` : expression;
  return map(
    [
      event,
      entry('evaluate', both, said?.from ?? null),
      ...when.entries.filter((one) => one !== said && one !== event),
    ],
    when.from,
  );
}
