import type { Located } from '../report.ts';
import { choice } from './choice.ts';
import { dictionary } from './dictionary.ts';
import { list } from './list.ts';
import { record, required } from './record.ts';
import type { Key, RecordShape } from './record.ts';
import { scalar } from './scalar.ts';
import type { Format } from './scalar.ts';
import { defined, located, mapped } from './shape.ts';
import type { Shape } from './shape.ts';

/**
 * Named things as a list of maps with `name`, or as a map from the name, as Woodpecker reads them.
 * Both come out as a list in the file's order.
 */
export function namedList<K extends Readonly<Record<string, Key<unknown, unknown>>>>(
  title: string,
  nameFormat: Format<string>,
  keys: K,
  notYet: Readonly<Record<string, string>>,
  oneOf: readonly (keyof K & string)[] = [],
) {
  const inMap = record(title, keys, notYet, oneOf);
  const inList = record(
    title,
    { name: required(located(scalar(nameFormat)), 'Name, unique among them.'), ...keys },
    notYet,
    oneOf,
  );
  type Item = ReturnType<(typeof inMap)['read']> & { readonly name: Located<string> };
  const word = title.replace(/^an? /, '');
  const phrase = `a list of ${word}s, each with \`name\`, or a map from name to ${word}`;
  const shape: Shape<readonly Item[]> = choice(
    {
      list: list(defined(word, inList) as Shape<unknown> as Shape<Item>, phrase, 0),
      map: mapped(dictionary(nameFormat, defined(`${word}_of_map`, inMap), phrase), (entries) =>
        entries.map(({ name, value }): Item => ({ ...value, name })),
      ),
    },
    phrase,
  );
  return { shape, record: inList as RecordShape<unknown> };
}
