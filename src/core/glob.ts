/**
 * Whether `text` matches a pattern as Woodpecker has them: `*` any run without `/`, `**` any run, `?` one
 * character but `/`, `[a-z]` and `[!a-z]` a class, `{a,b}` alternatives, `\` takes the next as it is.
 * Own code because time must be bounded for any pattern (no backtracking): pattern length × text length.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  return compileGlob(pattern)(text);
}

/** As {@link matchesGlob}, for many texts: what a match begins and ends with is compared first. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const alternatives = expand(pattern).map((one) => ({ ...edgesOf(one), parts: compile(one) }));
  return (text) =>
    alternatives.some(
      ({ start, end, parts }) =>
        text.startsWith(start) && text.endsWith(end) && run(parts, text.slice(0, 4_096)),
    );
}

/** Whether any text that begins and ends so may match; where not, none does. */
export function mayMatchGlob(pattern: string, begin: string, end: string): boolean {
  return expand(pattern).some((one) => {
    const edges = edgesOf(one);
    const isBegin = edges.start.startsWith(begin) || begin.startsWith(edges.start);
    return isBegin && (edges.end.endsWith(end) || end.endsWith(edges.end));
  });
}

/** What each text begins and ends with that a pattern without braces matches. */
function edgesOf(pattern: string): { readonly start: string; readonly end: string } {
  return {
    start: /^[^*?[\\]*/.exec(pattern)?.[0] ?? '',
    // Without a slash: of `**/a` it may be missing.
    end: /[^*?[\]\\/]*$/.exec(pattern)?.[0] ?? '',
  };
}

type Part =
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'many'; readonly overSlashes: boolean }
  /** `**` and a slash: no folder, or any number of them. */
  | { readonly kind: 'folders' };

const MOST_ALTERNATIVES = 64;

/** `a{b,c}` to `ab`, `ac`; past the limit the braces stand for themselves. */
function expand(pattern: string): readonly string[] {
  let waiting = [pattern];
  const done: string[] = [];
  for (let rounds = 0; waiting.length > 0; rounds++) {
    if (rounds + waiting.length + done.length > 4 * MOST_ALTERNATIVES) return [pattern];
    waiting = waiting.flatMap((one) => {
      const [before, options, after] = firstBraces(one) ?? [];
      if (before === undefined || options === undefined || after === undefined) {
        done.push(one);
        return [];
      }
      return options.map((option) => before + option + after);
    });
  }
  return done.length > MOST_ALTERNATIVES ? [pattern] : done;
}

/** The innermost, first pair of braces with a comma in it. */
function firstBraces(pattern: string): readonly [string, readonly string[], string] | null {
  const found = /(?<!\\)\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (found === null) return null;
  const after = pattern.slice(found.index + found[0].length);
  return [pattern.slice(0, found.index), (found[1] ?? '').split(','), after];
}

function compile(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    const close = character === '[' ? pattern.indexOf(']', i + 2) : -1;
    if (character === '*') {
      let end = i;
      while (pattern.charAt(end + 1) === '*') end++;
      const double = end > i;
      const alone = i === 0 || pattern.charAt(i - 1) === '/';
      if (double && alone && pattern.charAt(end + 1) === '/') {
        parts.push({ kind: 'folders' });
        end++;
      } else parts.push({ kind: 'many', overSlashes: double });
      i = end;
    } else if (character === '?') parts.push({ kind: 'one', accepts: (one) => one !== '/' });
    else if (close > 0) {
      parts.push({ kind: 'one', accepts: classOf(pattern.slice(i + 1, close)) });
      i = close;
    } else {
      const exact = character === '\\' && i + 1 < pattern.length ? pattern.charAt(++i) : character;
      parts.push({ kind: 'one', accepts: (one) => one === exact });
    }
  }
  return parts;
}

function classOf(inside: string): (character: string) => boolean {
  const negated = /^[!^]/.test(inside);
  const body = negated ? inside.slice(1) : inside;
  const ranges = [...body.matchAll(/(.)-(.)|(.)/gs)].map(([, from, to, single]) => [
    from ?? single ?? '',
    to ?? single ?? '',
  ]);
  return (one) => one !== '/' && ranges.some(([from = '', to = '']) => one >= from && one <= to) !== negated;
}

/** All states at once, as Thompson's construction runs them. */
function run(parts: readonly Part[], text: string): boolean {
  let states = enter(parts, new Set(), 0);
  for (let i = 0; i < text.length && states.size > 0; i++) {
    const character = text.charAt(i);
    const next = new Set<number>();
    for (const state of states) {
      const part = parts[state];
      if (part === undefined) continue;
      if (part.kind === 'one') {
        if (part.accepts(character)) enter(parts, next, state + 1);
      } else if (part.kind === 'many') {
        if (part.overSlashes || character !== '/') enter(parts, next, state);
      } else {
        next.add(state);
        if (character === '/') enter(parts, next, state + 1);
      }
    }
    states = next;
  }
  return states.has(parts.length);
}

/** Adds a state and those reached from it without a character. */
function enter(parts: readonly Part[], states: Set<number>, state: number): Set<number> {
  states.add(state);
  const kind = parts[state]?.kind;
  if ((kind === 'many' || kind === 'folders') && !states.has(state + 1)) enter(parts, states, state + 1);
  return states;
}
