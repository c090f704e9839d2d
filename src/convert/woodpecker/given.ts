import type { Foreign } from '../foreign.ts';
import { goValue, jsonText, type GoValue, type GoYaml } from '../go-value.ts';
import { entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';

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
  const written = name?.text() ?? '';
  if (name === undefined || written === '') {
    value.leaveOut('no secret is named', 'Write the name of one.');
    return text('', value);
  }
  const ours = written
    .slice(0, 64)
    .replace(/[^\w.-]/g, '_')
    .replace(/^(?=[.-])/, '_')
    .slice(0, 64);
  if (ours !== written)
    name.changes(
      `the secret is called \`${ours}\`, as names have A-Z, a-z, 0-9, \`_\`, \`.\` and \`-\``,
      `Set it by \`slipway secret set\` under that name.`,
    );
  return map([entry('from_secret', text(ours, name), name)], value);
}

/** Notes each name of a secret that has capitals, once: it is found in any case there, and here as it is written. */
export function noteCapitals(body: readonly (OutEntry | null)[]): void {
  const told = new Set<string>();
  for (const one of body) if (one !== null) look(one.value, one.key);

  function look(out: Out, key: string): void {
    if (out.kind === 'list') for (const one of out.items) look(one, '');
    else if (out.kind === 'map') for (const one of out.entries) look(one.value, one.key);
    else if (key === 'from_secret' && /[A-Z]/.test(out.value) && !told.has(out.value)) {
      told.add(out.value);
      out.from?.changes(
        'the secret is found in any letter case there, and here as it is written',
        `Set it by \`slipway secret set\` as \`${out.value}\`, and write it so everywhere.`,
      );
    }
  }
}

/** Of a value and all that is in it: no key of a map is replaced here, as one is there. */
export function noteKeys(value: Foreign): void {
  if (/\$\{[A-Za-z_]/.test(value.key))
    value.changes('no variable is replaced in a key', 'Write the key out.');
  if (value.kind === 'list') value.items().forEach(noteKeys);
  else if (value.kind === 'map' && !value.has('from_secret')) value.entries().forEach(noteKeys);
}
