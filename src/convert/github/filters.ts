import { matchesGlob } from '../../core/glob.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { OutEntry, OutText } from '../out.ts';

/**
 * A filter of an event, as `branch`, `tag` or `path`; null where there is none, `never` where it takes nothing. There the last
 * pattern that matches decides, for each changed file too (GitHub, "Workflow syntax", `on.<push>.paths`).
 */
export function filterEntry(
  name: 'branch' | 'tag' | 'path',
  include: Foreign | undefined,
  ignore: Foreign | undefined,
): OutEntry | null | 'never' {
  const included: OutText[] = [];
  const excluded: OutText[] = [];
  for (const one of include?.oneOrMore() ?? []) {
    const pattern = patternOf(one);
    if (pattern.startsWith('!')) {
      excluded.push(text(pattern.slice(1), one));
      continue;
    }
    if (excluded.some(({ value }) => mayTakeBack(pattern, value)))
      one.changes('what a pattern before it leaves out stays out', 'Write patterns that do not overlap.');
    included.push(text(pattern, one));
  }
  const [first] = excluded;
  if (first?.from != null && included.length === 0) {
    first.from.leaveOut(
      'no pattern says what is taken, and nothing is there',
      'Write what is taken, too, such as `**`.',
    );
    return 'never';
  }
  if (name === 'path' && first?.from != null && !included.some(({ value }) => value === '**'))
    first.from.changes(
      'it leaves out only where every changed file is left out, and other files do not matter there',
      'Nothing, where a build too many does no harm.',
    );
  for (const one of ignore?.oneOrMore() ?? []) {
    const pattern = patternOf(one);
    if (pattern.startsWith('!'))
      one.changes('`!` takes back there, and here it is a letter of the name', 'Write other patterns.');
    excluded.push(text(pattern, one));
  }
  const from = include ?? ignore ?? null;
  if (included.length === 0 && excluded.length === 0) return null;
  if (excluded.length === 0) return entry(name, list(included), from);
  return entry(
    name,
    map([
      included.length === 0 ? null : entry('include', list(included), include ?? null),
      entry('exclude', list(excluded), ignore ?? include ?? null),
    ]),
    from,
  );
}

/** A pattern of ours: only here a brace is more than a letter. */
function patternOf(one: Foreign): string {
  const pattern = one.text() ?? '';
  if (/[?+]/.test(pattern)) one.changes('`?` is one character, and `+` is itself', 'Write the names out.');
  if (/\[[!^]/.test(pattern))
    one.changes('a class that begins with it has any other character', 'Write the characters out.');
  return pattern.replace(/(?<!\\)\{/g, '\\{');
}

/** Whether something of a pattern may be left out by one before it: of a name it is known. */
function mayTakeBack(pattern: string, excluded: string): boolean {
  return /[*?+[\\]/.test(pattern) || matchesGlob(excluded, pattern);
}
