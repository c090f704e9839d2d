/** A value that is known in the file. */
export type Known = string | number | boolean;

/** A value that is written in the expression; null for anything else. */
export function knownOf(token: string): Known | null {
  if (token === 'true' || token === 'false') return token === 'true';
  if (/^-?\d+$/.test(token)) return Number(token);
  return /^'((?:[^']|'')*)'$/.exec(token)?.[1]?.replaceAll("''", "'") ?? null;
}

/** Texts without regard to case, and what is of two types as numbers (GitHub, "Evaluate expressions", operators). */
export function areEqual(first: Known, second: Known): boolean {
  if (typeof first === 'string' && typeof second === 'string')
    return first.toLowerCase() === second.toLowerCase();
  return Number(first) === Number(second);
}

export function calledWithKnown(name: string, subject: Known, part: Known): boolean {
  const [text, other] = [String(subject).toLowerCase(), String(part).toLowerCase()];
  if (name === 'startsWith') return text.startsWith(other);
  return name === 'endsWith' ? text.endsWith(other) : text.includes(other);
}

/** A text of the file in an expression of ours; null where it is none, or cannot be written: a `$` is an error there. */
export function literalOf(value: Known): string | null {
  if (typeof value === 'boolean') return null;
  const text = String(value).toLowerCase();
  return text.includes('$') ? null : JSON.stringify(text);
}
