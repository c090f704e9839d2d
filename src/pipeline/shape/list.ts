import { isSeq } from 'yaml';
import type { Node } from 'yaml';
import { isEmpty, kindOf } from '../parse-yaml.ts';
import { choice } from './choice.ts';
import { lastOf } from './scalar.ts';
import { mapped } from './shape.ts';
import type { Shape } from './shape.ts';

/** A list of at least `least` entries. */
export function list<T>(item: Shape<T>, phrase: string, least: 0 | 1 = 1): Shape<readonly T[]> {
  return {
    phrase,
    blank: [],
    schema: (definitions) => ({
      type: 'array',
      items: item.schema(definitions),
      ...(least > 0 ? { minItems: least } : {}),
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
      return node.items.flatMap((child, index) => {
        const place = cursor.down(child as Node, index);
        return place === null ? [] : [item.read(place)];
      });
    },
  };
}

/** One entry alone, or a list of them. */
export function oneOrMore<T>(item: Shape<T>, phrase: string): Shape<readonly T[]> {
  return choice({ text: mapped(item, (one): readonly T[] => [one]), list: list(item, phrase) }, phrase);
}
