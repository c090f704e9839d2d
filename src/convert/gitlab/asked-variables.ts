import { inputVariable } from '../../core/input.ts';
import type { Foreign } from '../foreign.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';

/** The variable of ours that holds a variable which the form of a pipeline by hand asks for; null: it is not asked for. */
export function askedVariable(variable: Foreign): string | null {
  if (variable.kind !== 'map' || (!variable.has('options') && !variable.has('description'))) return null;
  const isName = /^(?!(?:CI|CI_.*|SLIPWAY_.*)$)[A-Za-z]\w{0,63}$/.test(variable.key);
  const isText = !(variable.get('value')?.peek() ?? '').includes('$');
  return isName && isText ? inputVariable(variable.key) : null;
}

/** `inputs` of ours for the variables of the files that have `options` or a `description`; of each name the first. */
export function askedInputs(roots: readonly Foreign[]): OutEntry | null {
  const entries = new Map<string, OutEntry>();
  for (const root of roots)
    for (const variable of root.get('variables')?.entries() ?? [])
      if (askedVariable(variable) !== null && !entries.has(variable.key))
        entries.set(variable.key, entry(variable.key, inputOf(variable), variable));
  return entries.size === 0 ? null : entry('inputs', map([...entries.values()]));
}

function inputOf(variable: Foreign) {
  const description = variable.get('description');
  const value = variable.get('value');
  const options = variable.get('options');
  const items = options?.items() ?? [];
  const said = (description?.text() ?? '').replace(/\s+/g, ' ').trim().slice(0, 1_024);
  return map(
    [
      items.length === 0 ? null : entry('type', 'choice'),
      said === '' ? null : entry('description', said, description ?? null),
      value === undefined ? null : entry('default', text(value.text() ?? '', value), value),
      items.length === 0
        ? null
        : entry(
            'options',
            list(
              items.map((one) => copy(one)),
              options,
            ),
            options ?? null,
          ),
    ],
    variable,
  );
}
