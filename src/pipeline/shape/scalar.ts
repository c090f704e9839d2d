import { isMap, isScalar } from 'yaml';
import { didYouMean } from '../../core/did-you-mean.ts';
import { isEmpty, kindOf } from '../parse-yaml.ts';
import type { Cursor } from './cursor.ts';
import type { JsonSchema, Shape } from './shape.ts';

/** How a scalar's text becomes a value. Every scalar of the file is text: the format decides what it means. */
export interface Format<T> {
  /** As in "is not …". */
  readonly phrase: string;
  readonly blank: T;
  /** Null: the text is not of this format. */
  parse(text: string): T | null;
  readonly json: JsonSchema;
  /** What to do about a wrong value; by default, to write the phrase. */
  readonly fix?: string;
  /** The fix of one text, where it has one of its own. */
  readonly fixOf?: (text: string) => string | null;
}

export function scalar<T>(format: Format<T>): Shape<T> {
  return {
    phrase: format.phrase,
    blank: format.blank,
    schema: () => format.json,
    read: (cursor) => {
      const text = textOf(cursor, format.phrase);
      if (text === null) return format.blank;
      const value = format.parse(text);
      if (value !== null) return value;
      cursor.report('value_wrong', {
        what: lastOf(cursor),
        value: shorten(text),
        expected: format.phrase,
        fix: format.fixOf?.(text) ?? format.fix ?? `Write ${format.phrase}.`,
      });
      return format.blank;
    },
  };
}

/** One of some words. `notYet`: words that mean something elsewhere or later. */
export function word<const W extends string>(words: readonly W[], notYet: readonly string[] = []): Shape<W> {
  const phrase = words.map((one) => `\`${one}\``).join(words.length === 2 ? ' or ' : ', ');
  const blank = words[0] as W;
  return {
    phrase: words.length > 2 ? `one of ${phrase}` : phrase,
    blank,
    schema: () => ({ enum: words }),
    read: (cursor) => {
      const text = textOf(cursor, phrase);
      if (text === null) return blank;
      const found = words.find((one) => one === text);
      if (found !== undefined) return found;
      const near = didYouMean(text, words);
      const details = {
        what: lastOf(cursor),
        value: shorten(text),
        expected: `one of ${phrase}`,
        known: phrase,
      };
      if (notYet.includes(text)) cursor.report('value_not_yet', details);
      else
        cursor.report('value_wrong', {
          ...details,
          fix: near === null ? `Use one of ${phrase}.` : `Did you mean \`${near}\`?`,
        });
      return blank;
    },
  };
}

function textOf(cursor: Cursor, expected: string): string | null {
  const { node } = cursor;
  if (isEmpty(node)) {
    cursor.report('value_missing', { what: lastOf(cursor), expected, otherwise: ', or remove it' });
    return null;
  }
  if (isScalar(node)) return String(node.value);
  cursor.report('type_wrong', {
    what: lastOf(cursor),
    seen: kindOf(node),
    expected,
    fix: isPlainText(cursor)
      ? `Write ${expected} in quotes: YAML takes what is before the \`: \` in it for a key.`
      : `Write ${expected}.`,
  });
  return null;
}

/** Whether an entry of a list is a map that was meant as text: `- echo "Version: 2"`. */
function isPlainText({ node, path }: Cursor): boolean {
  return path.endsWith(']') && isMap(node) && node.flow !== true && node.items.length === 1;
}

/** The path for a message; a name for the root. */
export function lastOf(cursor: Cursor): string {
  return cursor.path === '' ? 'The file' : `\`${cursor.path}\``;
}

/** A value as a message shows it: one line, not long, no control characters. */
export function shorten(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}
