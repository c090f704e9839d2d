import { CRON_EXPRESSION } from '../../pipeline/cron-time.ts';
import { OUR_EVENTS, type OurEvent } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { filterEntry } from './filters.ts';

/** `on` as conditions of the workflow; null when none of its events is there, `called` when it is for callers alone. */
export function readTriggers(on: Foreign | undefined): readonly Out[] | 'called' | null {
  if (on === undefined) return [];
  const events = on.kind === 'map' ? on.entries() : on.oneOrMore();
  const conditions = events.flatMap((one) =>
    readEvent(on.kind === 'map' ? one.key : (one.text() ?? ''), one, on.kind === 'map'),
  );
  if (conditions.length > 0) return conditions;
  const isForCallers = events.some((one) => [one.key, one.peek()].includes('workflow_call'));
  return isForCallers ? 'called' : null;
}

/** All events of which one of the conditions may hold. */
export function eventsOfTriggers(triggers: readonly Out[]): readonly OurEvent[] {
  if (triggers.length === 0) return OUR_EVENTS;
  const names = triggers.flatMap((one) => {
    const event = one.kind === 'map' ? one.entries.find(({ key }) => key === 'event')?.value : undefined;
    if (event?.kind === 'text') return [event.value];
    return event?.kind === 'list' ? event.items.map((item) => (item.kind === 'text' ? item.value : '')) : [];
  });
  return OUR_EVENTS.filter((event) => names.includes(event));
}

function readEvent(name: string, event: Foreign, hasFilters: boolean): readonly Out[] {
  // What becomes of it is known when all files are read.
  if (name === 'workflow_call') return [];
  if (name === 'push') return hasFilters ? readPush(event) : [eventOnly(['push', 'tag'], event)];
  if (name === 'pull_request') return readPullRequest(hasFilters ? event : null, event);
  if (name === 'workflow_dispatch') {
    if (event.kind !== 'map') event.use();
    return [eventOnly(['manual'], event)];
  }
  if (name === 'schedule' && event.items().length > 0)
    return scheduleEntry(event) === null ? [] : [eventOnly(['cron'], event)];
  event.leaveOut(
    name === 'schedule' ? 'it names no time' : `no build is made for \`${name}\``,
    'Events are push, pull_request, tag, manual and cron.',
  );
  return [];
}

/** `on.schedule` as `cron`; null where it has no time that is one here. */
export function scheduleEntry(schedule: Foreign | undefined): OutEntry | null {
  const entries = (schedule?.items() ?? []).flatMap((one, index) => {
    const cron = one.get('cron');
    const written = (cron?.text() ?? '').trim();
    if (cron === undefined || !CRON_EXPRESSION.test(written)) {
      one.leaveOut('it is no schedule of five fields', 'Write `cron`.');
      return [];
    }
    const zone = one.get('timezone');
    const name = index === 0 ? 'schedule' : `schedule ${index + 1}`;
    return [
      map(
        [
          entry('name', name),
          entry('schedule', written, cron),
          zone === undefined ? null : entry('timezone', zone.text() ?? '', zone),
        ],
        one,
      ),
    ];
  });
  return entries.length === 0 ? null : entry('cron', list(entries, schedule ?? null), schedule ?? null);
}

function eventOnly(names: readonly string[], from: Foreign): Out {
  return map(
    [entry('event', names.length === 1 ? (names[0] ?? '') : list(names.map((one) => text(one))), from)],
    from,
  );
}

function readPush(event: Foreign): readonly Out[] {
  if (event.kind !== 'map') {
    event.use();
    return [eventOnly(['push', 'tag'], event)];
  }
  const branch = filterEntry('branch', event.get('branches'), event.get('branches-ignore'));
  const tag = filterEntry('tag', event.get('tags'), event.get('tags-ignore'));
  const path = filterEntry('path', event.get('paths'), event.get('paths-ignore'));
  const conditions: Out[] = [];
  if ((branch !== null || tag === null) && branch !== 'never' && path !== 'never')
    conditions.push(map([entry('event', 'push', event), branch, path], event));
  if ((tag !== null || branch === null) && tag !== 'never')
    conditions.push(map([entry('event', 'tag', event), tag], event));
  return conditions;
}

/** Nothing where none of its types comes with a commit. */
function readPullRequest(event: Foreign | null, from: Foreign): readonly Out[] {
  if (event?.kind !== 'map') {
    from.use();
    return [eventOnly(['pull_request'], from)];
  }
  const types = event.get('types')?.oneOrMore() ?? [];
  for (const one of types) {
    if (isOfCommits(one)) one.needs('each commit of a pull request is built');
    else one.leaveOut('a pull request is built for its commits only', 'Remove it.');
  }
  if (types.length > 0 && !types.some(isOfCommits)) {
    for (const one of event.entries()) if (one.isUnread) one.needs('the event is left out');
    return [];
  }
  const branch = filterEntry('branch', event.get('branches'), event.get('branches-ignore'));
  const path = filterEntry('path', event.get('paths'), event.get('paths-ignore'));
  if (branch === 'never' || path === 'never') return [];
  return [map([entry('event', 'pull_request', event), branch, path], event)];
}

const isOfCommits = (type: Foreign): boolean => ['opened', 'synchronize', 'reopened'].includes(type.peek());
