/**
 * A pattern of the shell (POSIX 2.13.1): `*`, `?`, `[a-z]`, `[!a-z]`, `[[:digit:]]`, `\` before what is meant as it is.
 * Texts and patterns are lists of code points. Time is bounded by pattern length × text length: what stands between two
 * `*` is looked for once, and nothing is tried again.
 */
export interface ShellPattern {
  /** How many code points it has; what its work is counted by. */
  readonly size: number;
  /** Where a match that begins at the text's start ends; -1 without one. */
  endOfPrefix(text: Text, longest: boolean): number;
  /** Where a match that ends at the text's end begins; -1 without one. */
  startOfSuffix(text: Text, longest: boolean): number;
  /** Gives the end of the longest match that begins at a place, -1 without one. */
  finder(text: Text): (at: number) => number;
}

export type Text = readonly string[];
type Test = (character: string) => boolean;

export function compilePattern(pattern: string): ShellPattern {
  const runs = compileRuns([...pattern]);
  const backwards = runs.map((run) => run.toReversed()).toReversed();
  return {
    size: [...pattern].length,
    endOfPrefix: (text, longest) => matcher(runs, text, longest)(0),
    startOfSuffix: (text, longest) => {
      const end = matcher(backwards, text.toReversed(), longest)(0);
      return end < 0 ? -1 : text.length - end;
    },
    finder: (text) => matcher(runs, text, true),
  };
}

/** Whether one character matches the pattern. */
export function matchesCharacter(pattern: ShellPattern, character: string): boolean {
  return pattern.endOfPrefix([character], true) === 1;
}

/** The end of a match that begins at a place. Runs between stars are taken at their first place, the last at its best. */
function matcher(runs: readonly (readonly Test[])[], text: Text, longest: boolean): (at: number) => number {
  const [first = [], ...others] = runs;
  const last = others.pop();
  const nexts = others.map((run) => nextPlaces(run, text));
  const nextLast = last === undefined ? null : nextPlaces(last, text);
  const farthest = last === undefined ? -1 : farthestPlace(last, text);
  return (at) => {
    if (!fits(first, text, at)) return -1;
    let end = at + first.length;
    for (const [index, next] of nexts.entries()) {
      const place = next[end] ?? -1;
      if (place < 0) return -1;
      end = place + (others[index]?.length ?? 0);
    }
    if (nextLast === null) return end;
    const place = longest ? (farthest >= end ? farthest : -1) : (nextLast[end] ?? -1);
    return place < 0 ? -1 : place + (last?.length ?? 0);
  };
}

/** For each place of the text, the first one from there where the run fits; -1 where there is none. */
function nextPlaces(run: readonly Test[], text: Text): Int32Array {
  const places = new Int32Array(text.length + 1);
  let next = -1;
  for (let at = text.length; at >= 0; at--) {
    if (fits(run, text, at)) next = at;
    places[at] = next;
  }
  return places;
}

function farthestPlace(run: readonly Test[], text: Text): number {
  for (let at = text.length - run.length; at >= 0; at--) if (fits(run, text, at)) return at;
  return -1;
}

function fits(run: readonly Test[], text: Text, at: number): boolean {
  if (at + run.length > text.length) return false;
  return run.every((test, index) => test(text[at + index] ?? ''));
}

/** What stands between the stars; without a star one run. */
function compileRuns(pattern: Text): readonly (readonly Test[])[] {
  const runs: Test[][] = [[]];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    if (character === '*') {
      if (pattern[at - 1] !== '*' || runs.at(-1)?.length !== 0 || runs.length === 1) runs.push([]);
      continue;
    }
    const bracket = character === '[' ? compileBracket(pattern, at) : null;
    const next = pattern[at + 1];
    if (bracket !== null) {
      runs.at(-1)?.push(bracket.test);
      at = bracket.end;
    } else if (character === '\\' && next !== undefined) {
      runs.at(-1)?.push((one) => one === next);
      at++;
    } else runs.at(-1)?.push(character === '?' ? () => true : (one) => one === character);
  }
  return runs;
}

/** `[…]` from its `[` on; `end` is the place of its `]`. Null where that is missing: then `[` is itself. */
function compileBracket(pattern: Text, start: number): { test: Test; end: number } | null {
  const isNegated = ['!', '^'].includes(pattern[start + 1] ?? '');
  const begin = start + (isNegated ? 2 : 1);
  const tests: Test[] = [];
  for (let at = begin; at < pattern.length; at++) {
    if (pattern[at] === ']' && at > begin) {
      const test: Test = (one) => tests.some((accepts) => accepts(one)) !== isNegated;
      return { test, end: at };
    }
    const named = pattern[at] === '[' && pattern[at + 1] === ':' ? nameAt(pattern, at) : null;
    if (named !== null) {
      tests.push((one) => named.set.test(one));
      at = named.end;
      continue;
    }
    if (pattern[at] === '\\' && at + 1 < pattern.length) at++;
    const from = pattern[at] ?? '';
    const hasRange = pattern[at + 1] === '-' && pattern[at + 2] !== undefined && pattern[at + 2] !== ']';
    if (!hasRange) {
      tests.push((one) => one === from);
      continue;
    }
    at += 2;
    if (pattern[at] === '\\' && at + 1 < pattern.length) at++;
    const to = pattern[at] ?? '';
    const [low, high] = [pointOf(from), pointOf(to)];
    tests.push((one) => pointOf(one) >= low && pointOf(one) <= high);
  }
  return null;
}

const pointOf = (character: string): number => character.codePointAt(0) ?? -1;

function nameAt(pattern: Text, start: number): { set: RegExp; end: number } | null {
  const name = pattern.slice(start + 2, start + 10).join('');
  const [whole = '', word = ''] = /^([a-z]+):\]/.exec(name) ?? [];
  const set = Object.hasOwn(CLASSES, word) ? CLASSES[word] : undefined;
  return set === undefined ? null : { set, end: start + 1 + whole.length };
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /^[\p{L}\p{Nd}]$/u,
  alpha: /^\p{L}$/u,
  blank: /^[ \t]$/,
  cntrl: /^\p{Cc}$/u,
  digit: /^[0-9]$/,
  graph: /^[^\s\p{Cc}]$/u,
  lower: /^\p{Ll}$/u,
  print: /^(?:[^\s\p{Cc}]| )$/u,
  punct: /^[\p{P}\p{S}]$/u,
  space: /^\s$/,
  upper: /^\p{Lu}$/u,
  word: /^[\p{L}\p{Nd}_]$/u,
  xdigit: /^[0-9A-Fa-f]$/,
};
