import { RE2JS, RE2JSException } from 're2js';

/** A pattern in RE2's syntax: its time grows with its size and with the text, and with nothing else. */
export interface Pattern {
  /** Instructions of its program; a match takes at most so many steps a character. */
  readonly size: number;
  /** Whether it matches anywhere in a text. */
  matches(text: string): boolean;
}

export type CompiledPattern =
  { readonly pattern: Pattern; readonly cause: null } | { readonly pattern: null; readonly cause: string };

/** Instructions that a pattern may have. */
const MOST_INSTRUCTIONS = 2_000;
/** Of {@link weightOf}, which overestimates. */
const MOST_WEIGHT = 8 * MOST_INSTRUCTIONS;

/** Recently compiled ones, oldest first: lint and plan of one file, and all combinations of a matrix, need the same. */
const known = new Map<string, CompiledPattern>();
const MOST_KNOWN = 256;

export function compilePattern(source: string): CompiledPattern {
  const before = known.get(source);
  if (before !== undefined) return before;
  const compiled = compile(source);
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(source, compiled);
  return compiled;
}

function compile(source: string): CompiledPattern {
  if (weightOf(source) > MOST_WEIGHT) return TOO_LARGE;
  try {
    const program = RE2JS.compile(source);
    const size = program.programSize();
    if (size > MOST_INSTRUCTIONS) return TOO_LARGE;
    return { pattern: { size, matches: (text) => program.matcher(text).find() }, cause: null };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { pattern: null, cause: error.message.replace(/^error parsing regexp: /, '') };
  }
}

const TOO_LARGE: CompiledPattern = { pattern: null, cause: 'it repeats too much' };

/**
 * At least as many characters as it has with its repetitions written out, which is what compiling it takes. Only what
 * follows a bracket repeats something that is repeated itself, so that their counts are multiplied, whether or not they
 * stand in one another; of all others no more than one applies to a character. What follows a quotation (`\Q…\E`), which may
 * be empty, may repeat anything.
 */
function weightOf(source: string): number {
  let [groups, most] = [1, 1];
  const isQuoted = source.includes('\\Q');
  for (const [, before, least, atMost] of source.matchAll(/([^]|^)\{(\d{1,6})(?:,(\d{0,6}))?(?=\})/g)) {
    const count = Math.max(1, Number(least), Number(atMost ?? 0));
    if (isQuoted || before === ')' || before === '}') groups *= count;
    else most = Math.max(most, count);
  }
  return source.length * groups * most;
}

/** What a file pays for a pattern: one that repeats too much is not compiled. */
export function costOf(source: string): number {
  const weight = weightOf(source);
  return weight > MOST_WEIGHT ? source.length : weight;
}
