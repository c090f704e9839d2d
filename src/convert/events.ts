import type { Foreign } from './foreign.ts';

/** An event of another product: ours, or why we have none. */
export type EventTable = Readonly<Record<string, OurEvent | { readonly none: string }>>;
export type OurEvent = 'push' | 'pull_request' | 'tag' | 'manual';

export const OUR_EVENTS: readonly OurEvent[] = ['push', 'pull_request', 'tag', 'manual'];

/** Ours of those that a value names; each without a counterpart is noted. */
export function eventsOf(value: Foreign, table: EventTable): readonly OurEvent[] {
  const events = new Set<OurEvent>();
  for (const one of value.oneOrMore()) {
    const name = one.text();
    if (name === null) continue;
    const ours = Object.hasOwn(table, name) ? table[name] : undefined;
    if (typeof ours === 'string') events.add(ours);
    else
      one.leaveOut(
        ours === undefined ? `\`${name}\` is no event that is known` : ours.none,
        'Events are push, pull_request, tag and manual.',
      );
  }
  return [...events];
}
