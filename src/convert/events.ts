import type { Foreign } from './foreign.ts';

/** An event of another product: ours, or why we have none. */
export type EventTable = Readonly<Record<string, OurEvent | { readonly none: string }>>;
export type OurEvent = 'push' | 'pull_request' | 'tag' | 'manual' | 'cron';

export const OUR_EVENTS: readonly OurEvent[] = ['push', 'pull_request', 'tag', 'manual', 'cron'];

/** Ours of those that a value names; each without a counterpart is noted. */
export function eventsOf(value: Foreign, table: EventTable): readonly OurEvent[] {
  const events = new Set<OurEvent>();
  for (const one of value.oneOrMore()) {
    const name = one.text();
    if (name === null) continue;
    const ours = Object.hasOwn(table, name) ? table[name] : undefined;
    if (ours === 'cron') noteSchedule(one);
    if (typeof ours === 'string') events.add(ours);
    else
      one.leaveOut(
        ours === undefined ? `\`${name}\` is no event that is known` : ours.none,
        'Events are push, pull_request, tag, manual and cron.',
      );
  }
  return [...events];
}

/** Elsewhere a project's settings say when; here the file does. */
export function noteSchedule(at: Foreign): void {
  at.changes(
    'its schedule is in the settings of the project there, and none is made of it',
    'Write `cron` with its schedule in a pipeline file of Slipway.',
  );
}
