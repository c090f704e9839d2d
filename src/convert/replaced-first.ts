import type { Foreign } from './foreign.ts';
import { goValue } from './go-value.ts';
import { own } from './own.ts';
import type { Dialect } from './substitution.ts';

/** Variables whose values anybody chooses; of a commit's id, a part of it may be digits alone. */
const ANYTHING = /(?:_BRANCH|_TAG|_MESSAGE|_TITLE|_LABELS|_MILESTONE|_AUTHOR)$/;

/**
 * Notes a value without quotes that is a variable and nothing else: Woodpecker and Drone read the file after they have put
 * its value there, which then may be a number, a truth value, or more than a value. Here it is text.
 * @param matrix Values of each variable of the matrix.
 */
export function noteReplacedFirst(
  written: string,
  at: Foreign,
  { product, renamed, yaml }: Dialect,
  matrix: ReadonlyMap<string, readonly string[]>,
): void {
  const [, name, operator = ''] = /^\$\{(\w+)((?:[^{}]|\$\{[^{}]*\})*)\}$/.exec(written.trim()) ?? [];
  if (name === undefined || !at.isPlain) return;
  const fix = 'Nothing where the text is meant, as in quotes there.';
  const values = matrix.get(name);
  if (values !== undefined) {
    const value = values.find((one) => isStructure(one) || goValue(one, yaml).text !== one);
    if (value === undefined) return;
    const there = isStructure(value) ? 'read as YAML' : `\`${goValue(value, yaml).text}\``;
    return at.changes(
      `\`${value.slice(0, 60)}\` in its place is ${there} there, where the file is read after that`,
      fix,
    );
  }
  const ours = own(renamed, name) ?? name;
  if (ANYTHING.test(ours) || (ours === 'CI_COMMIT_SHA' && operator !== ''))
    at.changes(
      `${product} reads the file after it has replaced the variable, so that \`1.20\` in its place is \`1.2\` there`,
      fix,
    );
}

/** Whether YAML takes it for something else than one scalar of this text. */
function isStructure(value: string): boolean {
  return /^(?:~|null|Null|NULL)?$/.test(value) || /^[[\]{},&*!|>'"%@`#]|^[-?:](?: |$)|: | #|:$/.test(value);
}
