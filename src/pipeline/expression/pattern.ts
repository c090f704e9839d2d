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
  if (weightOf(source) > MOST_INSTRUCTIONS * 8) return TOO_LARGE;
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

/** What compiling it takes at most, in characters: repetitions are written out. */
export function weightOf(source: string): number {
  const counts = [...source.matchAll(/\{(\d{1,6})(?:,(\d{0,6}))?\}/g)];
  return counts.reduce(
    (weight, [, least, most]) => weight + Math.min(1_000, Math.max(Number(least), Number(most ?? 0))) * 8,
    source.length,
  );
}
