import { eventsOf, noteSchedule, OUR_EVENTS } from '../events.ts';
import type { EventTable, OurEvent } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { filterEntry } from './filter.ts';

/** For which events a condition holds. */
export interface Occasion {
  readonly event: OutEntry | null;
  readonly cron: OutEntry | null;
}

/** What is looked at for which events. */
export interface OccasionWords {
  readonly events: EventTable;
  /**
   * Whether a filter of branches, of cron jobs or of actions holds for no event that has none of these (Drone). Otherwise
   * it is not looked at for those (Woodpecker).
   */
  readonly areFiltersOfAll: boolean;
}

/** The events of a condition, apart those for which its `cron` counts; none where it cannot hold here. */
export function occasionsOf(condition: Foreign, words: OccasionWords): readonly Occasion[] {
  const event = condition.get('event');
  const cron = condition.get('cron');
  const said = saidEvents(event, words.events);
  const events = words.areFiltersOfAll ? withoutLacking(said ?? OUR_EVENTS, condition) : (said ?? OUR_EVENTS);
  const eventEntry = (some: readonly OurEvent[]): OutEntry | null =>
    said === null && some.length === OUR_EVENTS.length ? null : entryOf(some, event ?? null);
  if (events.length === 0) return [];
  const filter = filterEntry(cron, 'cron');
  if (cron === undefined || filter === null) return [{ event: eventEntry(events), cron: null }];
  const byClock = events.filter((one) => one === 'cron');
  const others = words.areFiltersOfAll && asksFor(cron) ? [] : events.filter((one) => one !== 'cron');
  if (byClock.length === 0) {
    cron.needs('it counts in builds of cron jobs alone');
    return others.length === 0 ? [] : [{ event: eventEntry(others), cron: null }];
  }
  if (said === null) noteSchedule(cron);
  const isAlone = others.length === 0 && said === null;
  const ofClock = { event: isAlone ? null : entryOf(byClock, event ?? null), cron: filter };
  return others.length === 0 ? [ofClock] : [{ event: eventEntry(others), cron: null }, ofClock];
}

/** Null where nothing is said. */
function saidEvents(event: Foreign | undefined, table: EventTable): readonly OurEvent[] | null {
  if (event === undefined) return null;
  const [included, excluded] =
    event.kind === 'map' ? [event.get('include'), event.get('exclude')] : [event, undefined];
  const some = (names: Foreign | undefined): names is Foreign =>
    names !== undefined && names.oneOrMore().length > 0;
  if (!some(included) && !some(excluded)) return null;
  const without = some(excluded) ? eventsOf(excluded, table) : [];
  return (some(included) ? eventsOf(included, table) : OUR_EVENTS).filter((one) => !without.includes(one));
}

/** Without events that have no branch or no action that a filter asks for. */
function withoutLacking(events: readonly OurEvent[], condition: Foreign): readonly OurEvent[] {
  const branch = condition.get('branch');
  const action = condition.get('action');
  const asksBranch = branch !== undefined && asksFor(branch);
  const event = condition.get('event');
  if (asksBranch && event !== undefined && namesOf(event).includes('tag') && events.includes('tag'))
    branch.changes(
      'a tag has no branch there, and it holds for none',
      'Write a step or a workflow of its own for tags.',
    );
  return events.filter(
    (one) =>
      !(asksBranch && one === 'tag') &&
      !(
        action !== undefined &&
        asksFor(action) &&
        !namesOf(action).some((name) => ACTIONS[one]?.test(name) === true)
      ),
  );
}

/** Drone’s actions of events that builds are made for. */
const ACTIONS: Partial<Record<OurEvent, RegExp>> = {
  pull_request: /^(?:opened|synchronized?|reopened)$/,
  tag: /^create$/,
};

/** Whether it does not hold where there is nothing to be compared. */
function asksFor(filter: Foreign): boolean {
  const names = namesOf(filter);
  return names.length > 0 && !names.some((one) => /^\**$/.test(one));
}

/** What a filter names, by itself or as `include`. */
function namesOf(filter: Foreign): readonly string[] {
  const included = filter.kind === 'map' ? filter.get('include') : filter;
  return included?.oneOrMore().map((one) => one.peek()) ?? [];
}

function entryOf(events: readonly OurEvent[], from: Foreign | null): OutEntry {
  const [first, ...more] = events.map((one) => text(one));
  return entry(
    'event',
    first !== undefined && more.length === 0 ? first : list(events.map((one) => text(one))),
    from,
  );
}
