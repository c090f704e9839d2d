import type { Foreign } from '../foreign.ts';
import { goValue, jsonText, type GoValue, type GoYaml } from '../go-value.ts';
import { copy, entry, map } from '../out.ts';
import type { Out } from '../out.ts';

/** A text of a file with what is replaced in it. */
export type Change = (text: string, at: Foreign) => string;

/** A scalar of a map whose values may be of any type; null for null. */
export function scalarOf(value: Foreign, yaml: GoYaml): GoValue | null {
  if (value.kind === 'nothing') return null;
  const text = value.peek();
  return value.isPlain ? goValue(text, yaml) : { text, json: jsonText(text), isText: true };
}

/** What a scalar is written out as; nothing for null. */
export function textOf(value: Foreign, yaml: GoYaml, change: Change): string {
  const scalar = scalarOf(value, yaml);
  value.use();
  if (scalar === null) return '';
  return scalar.isText ? change(scalar.text, value) : scalar.text;
}

/** A list or a map as the JSON that a variable holds. */
export function jsonOf(value: Foreign, yaml: GoYaml, change: Change): string {
  if (value.kind === 'list')
    return `[${value
      .items()
      .map((one) => jsonOf(one, yaml, change))
      .join(',')}]`;
  if (value.kind === 'map') {
    const entries = [...value.entries()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return `{${entries.map((one) => `${jsonText(one.key)}:${jsonOf(one, yaml, change)}`).join(',')}}`;
  }
  const scalar = scalarOf(value, yaml);
  value.use();
  if (scalar === null) return 'null';
  return scalar.isText ? jsonText(change(scalar.text, value)) : scalar.json;
}

/** Whether it is a list of scalars alone, which is joined by commas. */
export function isRow(value: Foreign): boolean {
  return value.kind === 'list' && value.items().every(isScalar);
}

/** All scalars in it, however deep. */
export function scalarsIn(value: Foreign): readonly Foreign[] {
  if (value.kind === 'list') return value.items().flatMap(scalarsIn);
  return value.kind === 'map' ? value.entries().flatMap(scalarsIn) : [value];
}

/** Whether a secret is to be put into it, however deep. */
export function hasSecret(value: Foreign): boolean {
  if (value.kind === 'list') return value.items().some(hasSecret);
  return value.kind === 'map' && (value.has('from_secret') || value.entries().some(hasSecret));
}

const isScalar = ({ kind }: Foreign): boolean => kind === 'text' || kind === 'nothing';

/** A reference to a secret; what stands beside its name is read by nobody, there either, and noted. */
export function secretOf(value: Foreign): Out {
  const name = value.get('from_secret');
  return map([name === undefined ? null : entry('from_secret', copy(name), name)], value);
}

/** Of a value and all that is in it: no key of a map is replaced here, as one is there. */
export function noteKeys(value: Foreign): void {
  if (/\$\{[A-Za-z_]/.test(value.key))
    value.changes('no variable is replaced in a key', 'Write the key out.');
  if (value.kind === 'list') value.items().forEach(noteKeys);
  else if (value.kind === 'map' && !value.has('from_secret')) value.entries().forEach(noteKeys);
}
