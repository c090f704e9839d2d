import { secretName } from '../../pipeline/format/names.ts';
import type { Foreign } from '../foreign.ts';
import { copy, entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import type { StepText } from '../substitution.ts';

/** Variables of a step: a map, or a list of `NAME=value`, and old `secrets`. */
export function environmentEntry(
  own: readonly (Foreign | undefined)[],
  secrets: Foreign | undefined,
  texts: StepText,
): OutEntry | null {
  const from = own.find((one) => one !== undefined) ?? secrets ?? null;
  const entries = [
    ...own.flatMap((one) => (one === undefined ? [] : variables(one, texts))),
    ...(secrets === undefined ? [] : secretsOf(secrets)),
  ];
  const all = map([...texts.environment().map((one) => one), ...entries]).entries;
  return all.length === 0 ? null : entry('environment', map(all, from), from);
}

function variables(environment: Foreign, texts: StepText): readonly OutEntry[] {
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
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      one.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
      return [];
    }
    if (value !== null) {
      one.text();
      return [entry(name, text(texts.value(value, one), one), one)];
    }
    return [entry(name, valueOf(one, texts), one)];
  });
}

/** Text or a secret; lists and maps as JSON, as plugins get them. */
function valueOf(value: Foreign, texts: StepText): Out {
  if (value.kind === 'map' && value.has('from_secret')) return copy(value);
  if (value.kind === 'map' || value.kind === 'list') return text(JSON.stringify(plain(value)), value);
  return text(texts.value(value.text() ?? '', value), value);
}

function plain(value: Foreign): unknown {
  if (value.kind === 'map') return Object.fromEntries(value.entries().map((one) => [one.key, plain(one)]));
  if (value.kind === 'list') return value.items().map(plain);
  return value.text() ?? '';
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
