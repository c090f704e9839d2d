import { isMap, isSeq, parseDocument, type Node, type Pair } from 'yaml';
import { isNames } from './schema-keys.ts';

/**
 * A pipeline file once for each place where it has a key, such as `steps.when.branch`, without the key there. Blanks stand
 * where it stood: all else keeps its line and column.
 */
export function takeOut(text: string, key: string): readonly string[] {
  const found: string[] = [];
  const walk = (node: unknown, path: string, inNames: boolean): void => {
    if (isSeq(node)) return node.items.forEach((item) => walk(item, path, false));
    if (!isMap<Node & { value: unknown }, Node | null>(node)) return;
    for (const pair of node.items) {
      const inside = inNames ? path : [path, String(pair.key.value)].filter(Boolean).join('.');
      if (!inNames && inside === key) found.push(blank(text, pair, node.flow === true));
      walk(pair.value, inside, !inNames && isNames(inside) && !isSeq(pair.value));
    }
  };
  walk(parseDocument(text, { merge: true }).contents, '', false);
  return found;
}

/** The text without a pair, and in `{ }` without the comma after it. */
function blank(text: string, { key, value }: Pair<Node, Node | null>, isFlow: boolean): string {
  const from = key.range?.[0] ?? 0;
  const end = (value ?? key).range?.[1] ?? from;
  const to = end + (isFlow ? (/^\s*,/.exec(text.slice(end))?.[0].length ?? 0) : 0);
  return text.slice(0, from) + text.slice(from, to).replace(/[^\n]/g, ' ') + text.slice(to);
}
