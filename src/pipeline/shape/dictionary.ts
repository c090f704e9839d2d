import { isMap } from 'yaml';
import { isEmpty, kindOf } from '../parse-yaml.ts';
import type { Located } from '../report.ts';
import { keySpan, keyText } from './record.ts';
import { lastOf, shorten } from './scalar.ts';
import type { Format } from './scalar.ts';
import type { Shape } from './shape.ts';

export interface Entry<T> {
  /** Located at the key. */
  readonly name: Located<string>;
  readonly value: T;
}

/** A map whose keys the user chooses, in the file's order. */
export function dictionary<T>(
  keyFormat: Format<string>,
  value: Shape<T>,
  phrase: string,
): Shape<readonly Entry<T>[]> {
  return {
    phrase,
    blank: [],
    schema: (definitions) => ({
      type: 'object',
      propertyNames: { pattern: keyFormat.json['pattern'] },
      additionalProperties: value.schema(definitions),
    }),
    read: (cursor) => {
      const { node } = cursor;
      const what = lastOf(cursor);
      if (!isMap(node)) {
        if (isEmpty(node))
          cursor.report('value_missing', { what, expected: phrase, otherwise: ', or remove it' });
        else
          cursor.report('type_wrong', {
            what,
            seen: kindOf(node),
            expected: phrase,
            fix: 'Write `NAME: value` lines, indented.',
          });
        return [];
      }
      return cursor.entries().flatMap(({ pair, down }) => {
        const text = keyText(cursor, pair);
        if (text === null) return [];
        const span = keySpan(pair) ?? cursor.span;
        if (keyFormat.parse(text) === null)
          cursor.report(
            'value_wrong',
            {
              what: `A key of ${what}`,
              value: shorten(text),
              expected: keyFormat.phrase,
              fix: keyFormat.fix ?? `Write ${keyFormat.phrase}.`,
            },
            span,
          );
        const place = down(text);
        if (pair.value === null)
          cursor.report(
            'value_missing',
            { what: `\`${shorten(text)}\``, expected: value.phrase, otherwise: ', or remove the key' },
            span,
          );
        const name = { value: text, span, path: place?.path ?? cursor.path };
        return [{ name, value: place === null ? value.blank : value.read(place) }];
      });
    },
  };
}
