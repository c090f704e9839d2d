import type { Foreign } from '../foreign.ts';
import { copy, entry, map } from '../out.ts';
import type { OutEntry } from '../out.ts';

/** A filter by patterns; null where it has none. */
export function filterEntry(filter: Foreign | undefined, name: string): OutEntry | null {
  if (filter === undefined) return null;
  if (filter.kind !== 'map') return patterns(filter, name);
  const [include, exclude, message, empty] = ['include', 'exclude', 'ignore_message', 'on_empty'].map((key) =>
    filter.get(key),
  );
  message?.leaveOut('no message of a commit makes a condition hold', 'Write the condition without it.');
  if (empty !== undefined) {
    if (empty.peek() === 'true') empty.needs('an event without changed files matches');
    else empty.leaveOut('an event without changed files matches', 'Name `event` in the condition.');
  }
  const both = [include, exclude].flatMap((one) => (one === undefined ? [] : (patterns(one, one.key) ?? [])));
  return both.length === 0 ? null : entry(name, map(both, filter), filter);
}

function patterns(of: Foreign, name: string): OutEntry | null {
  if (of.kind !== 'map' && of.oneOrMore().length === 0) {
    of.needs('it is empty');
    return null;
  }
  return entry(name, copy(of, pattern), of);
}

/** A pattern takes no variable. */
export function pattern(written: string, at: Foreign): string {
  if (/\$\{[A-Za-z_]/.test(written))
    at.changes('a variable in it stands for itself, and no name is like that', 'Write the name out.');
  return written;
}
