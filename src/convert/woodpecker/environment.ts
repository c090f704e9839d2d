import { secretName } from '../../pipeline/format/names.ts';
import type { Foreign } from '../foreign.ts';
import { isVariable } from '../names.ts';
import { entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import type { Dialect, StepText } from '../substitution.ts';
import { hasSecret, isRow, jsonOf, noteKeys, secretOf, textOf } from './given.ts';

/**
 * Variables of a step: a map, or a list of `NAME=value`, and old `secrets`.
 * @param ofFile Those that every step has.
 */
export function environmentEntry(
  ofFile: readonly Foreign[],
  own: Foreign | undefined,
  secrets: Foreign | undefined,
  dialect: Dialect,
  texts: StepText,
): OutEntry | null {
  const from = ofFile[0] ?? own ?? secrets ?? null;
  const entries = [
    ...ofFile.flatMap((one) => variables(one, true, dialect, texts)),
    ...(own === undefined ? [] : variables(own, false, dialect, texts)),
    ...(secrets === undefined ? [] : secretsOf(secrets)),
  ];
  const all = map([...texts.environment().map((one) => one), ...entries]).entries;
  return all.length === 0 ? null : entry('environment', map(all, from), from);
}

function variables(
  environment: Foreign,
  isOfFile: boolean,
  dialect: Dialect,
  texts: StepText,
): readonly OutEntry[] {
  const entries =
    environment.kind === 'map'
      ? environment.entries().map((one) => ({ name: one.key, one, value: null as string | null }))
      : environment.oneOrMore().map((one) => {
          const [name = '', ...rest] = one.peek().split('=');
          return { name, one, value: rest.join('=') };
        });
  return entries.flatMap(({ name, one, value }) => {
    // Those of the file are written out in each step.
    one.spend(one.peek().length);
    if (/^(?:CI|CI_.*|SLIPWAY_.*)$/.test(name)) {
      one.leaveOut(`\`${name}\` is set by Slipway`, 'Choose another name.');
      return [];
    }
    if (!isVariable(name)) {
      one.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
      return [];
    }
    if (value !== null) {
      one.text();
      return [entry(name, text(texts.value(value, one), one), one)];
    }
    if (one.kind === 'nothing' && !isOfFile) {
      one.needs('a variable of nothing is not set');
      return [];
    }
    const out = valueOf(one, dialect, texts);
    return out === null ? [] : [entry(name, out, one)];
  });
}

/**
 * Text or a secret. Of Woodpecker's values of any type a list is joined by commas, and what is nested is JSON; Drone's are
 * the text that stands there.
 */
function valueOf(value: Foreign, { product, yaml }: Dialect, texts: StepText): Out | null {
  const change = (one: string, at: Foreign) =>
    product === 'Drone' ? texts.value(one, at) : texts.typedValue(one, at);
  if (value.kind === 'map' && value.has('from_secret')) return secretOf(value);
  if (hasSecret(value)) {
    value.leaveOut('no secret is put into a part of a variable', 'Write it as a variable of its own.');
    return null;
  }
  if (isRow(value))
    return text(
      value
        .items()
        .map((one) => textOf(one, yaml, change))
        .join(','),
      value,
    );
  noteKeys(value);
  if (value.kind === 'map' || value.kind === 'list') return text(jsonOf(value, yaml, change), value);
  return text(product === 'Drone' ? change(value.text() ?? '', value) : textOf(value, yaml, change), value);
}

/** Names of secrets, which come as a variable in capitals, or `{ source, target }`. */
function secretsOf(secrets: Foreign): readonly OutEntry[] {
  return secrets.oneOrMore().flatMap((one) => {
    const source = one.kind === 'map' ? (one.get('source')?.text() ?? '') : (one.text() ?? '');
    const target = (one.kind === 'map' ? one.get('target')?.text() : null) ?? source.toUpperCase();
    const name = target.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    if (source === '') return [];
    if (!/^[A-Z_]/.test(name) || secretName.parse(source) === null) {
      one.leaveOut(
        'it is no name that a secret and its variable have here',
        'Write `environment: { NAME: { from_secret: name } }`.',
      );
      return [];
    }
    return [entry(name, map([entry('from_secret', source, one)], one), one)];
  });
}
