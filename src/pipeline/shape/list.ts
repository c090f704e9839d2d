import { isSeq } from 'yaml';
import type { Node } from 'yaml';
import { isEmpty, kindOf } from '../parse-yaml.ts';
import { choice } from './choice.ts';
import { lastOf } from './scalar.ts';
import { mapped } from './shape.ts';
import type { Shape } from './shape.ts';

/** A list of `least` to `most` entries. */
export function list<T>(
  item: Shape<T>,
  phrase: string,
  least: 0 | 1 = 1,
  most: number = Infinity,
): Shape<readonly T[]> {
  return {
    phrase,
    blank: [],
    schema: (definitions) => ({
      type: 'array',
      items: item.schema(definitions),
      ...(least > 0 ? { minItems: least } : {}),
      ...(most < Infinity ? { maxItems: most } : {}),
    }),
    read: (cursor) => {
      const { node } = cursor;
      if (!isSeq(node)) {
        const what = lastOf(cursor);
        if (isEmpty(node))
          cursor.report('value_missing', { what, expected: phrase, otherwise: ', or remove it' });
        else
          cursor.report('type_wrong', {
            what,
            seen: kindOf(node),
            expected: phrase,
            fix: `Write ${phrase}.`,
          });
        return [];
      }
      if (node.items.length < least) cursor.report('list_empty', { what: lastOf(cursor) });
      if (node.items.length > most)
        cursor.report('too_complex', { what: `${lastOf(cursor)} has more entries`, limit: most });
      return node.items.slice(0, most).flatMap((child, index) => {
        const place = cursor.down(child as Node, index);
        return place === null ? [] : [item.read(place)];
      });
    },
  };
}

/** One entry alone, or a list of at most `most`. */
export function oneOrMore<T>(item: Shape<T>, phrase: string, most?: number): Shape<readonly T[]> {
  return choice(
    { text: mapped(item, (one): readonly T[] => [one]), list: list(item, phrase, 1, most) },
    phrase,
  );
}
