import { isMap, isSeq } from 'yaml';
import { isEmpty, kindOf } from '../parse-yaml.ts';
import { lastOf } from './scalar.ts';
import type { Shape } from './shape.ts';

/** The shape for each kind of YAML node; a kind without one is refused. The first one's blank is the choice's. */
export interface Choices<T> {
  readonly text?: Shape<T>;
  readonly list?: Shape<T>;
  readonly map?: Shape<T>;
}

/**
 * A value that may be written in several ways, told apart by the kind of node.
 * @param blankOf The way whose blank stands for what is wrong; the first that there is unless told.
 */
export function choice<T>(choices: Choices<T>, phrase: string, blankOf?: keyof Choices<T>): Shape<T> {
  const given = [choices.list, choices.text, choices.map].filter((shape) => shape !== undefined);
  const [first] = given;
  if (first === undefined) throw new RangeError('a choice needs a shape');
  const { blank } = (blankOf === undefined ? undefined : choices[blankOf]) ?? first;
  return {
    phrase,
    blank,
    schema: (definitions) => ({ anyOf: given.map((shape) => shape.schema(definitions)) }),
    read: (cursor) => {
      const { node } = cursor;
      const shape = isSeq(node) ? choices.list : isMap(node) ? choices.map : choices.text;
      const what = lastOf(cursor);
      if (isEmpty(node))
        cursor.report('value_missing', { what, expected: phrase, otherwise: ', or remove it' });
      else if (shape !== undefined) return shape.read(cursor);
      else
        cursor.report('type_wrong', { what, seen: kindOf(node), expected: phrase, fix: `Write ${phrase}.` });
      return blank;
    },
  };
}
